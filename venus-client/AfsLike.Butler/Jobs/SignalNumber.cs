using System.Globalization;

namespace AfsLike.Butler.Jobs;

/// <summary>Signals by number and name, as Linux on x64 and arm64 counts them.</summary>
public static class SignalNumber
{
    public const uint Hangup = 1;
    public const uint Interrupt = 2;
    public const uint Quit = 3;
    public const uint Kill = 9;
    public const uint Terminate = 15;

    /// <summary>The highest signal number.</summary>
    public const uint Last = 64;

    private static readonly string[] Names =
    [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
        "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary>Reads "15", "TERM" or "SIGTERM".</summary>
    public static bool TryParse(string text, out uint signal)
    {
        if (uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out signal))
        {
            return signal is > 0 and <= Last;
        }

        var name = text.StartsWith("SIG", StringComparison.OrdinalIgnoreCase) ? text[3..] : text;
        var index = Array.FindIndex(Names, n => n.Length > 0 && n.Equals(name, StringComparison.OrdinalIgnoreCase));
        signal = index > 0 ? (uint)index : 0;
        return index > 0;
    }
}

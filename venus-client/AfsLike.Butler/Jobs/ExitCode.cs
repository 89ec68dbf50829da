namespace AfsLike.Butler.Jobs;

/// <summary>The exit codes of `afsx run` beyond the command's own.</summary>
public static class ExitCode
{
    /// <summary>Ours: the host is unknown, refused, or was lost; the command's end was not seen.</summary>
    public const uint NotRun = 125;

    /// <summary>The command was found and could not be executed.</summary>
    public const uint NotExecutable = 126;

    public const uint NotFound = 127;

    /// <summary>As a shell tells it: the command's own code, or 128 + the signal that ended it.</summary>
    public static uint Of(uint code, uint signal) => signal != 0 ? 128 + (signal & 0x7f) : code & 0xff;
}

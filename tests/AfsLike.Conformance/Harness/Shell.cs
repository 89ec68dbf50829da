using System.Diagnostics;

namespace AfsLike.Conformance.Harness;

/// <summary>How a command ended, and what it wrote.</summary>
public sealed record Outcome(int ExitCode, string Output, string Error)
{
    /// <summary>Itself, when the command was content. Fails the test with all it said otherwise.</summary>
    public Outcome Ok()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}\nstdout: {Output}\nstderr: {Error}");
        return this;
    }

    /// <summary>Itself, when it failed as bad input must: that code, and one line on stderr.</summary>
    public Outcome Refused(int exitCode)
    {
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode}, not {exitCode}\nstdout: {Output}\nstderr: {Error}");
        Assert.True(Error.Trim().Length > 0 && !Error.Trim().Contains('\n', StringComparison.Ordinal), $"not one line: {Error}");
        return this;
    }

    public string Line => Output.TrimEnd('\n');
}

/// <summary>Runs commands on this machine.</summary>
public static class Shell
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static async Task<Outcome> RunAsync(IEnumerable<string> command, TimeSpan? patience = null, string? input = null)
    {
        using var process = Start(command);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            await GiveInputAsync(process, input);
            await Task.WhenAll(process.WaitForExitAsync(), output, error).WaitAsync(patience ?? Patience);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"no end of it: {string.Join(' ', command)}");
        }

        return new Outcome(process.ExitCode, await output, await error);
    }

    /// <summary>With all three streams in our hands.</summary>
    public static Process Start(IEnumerable<string> command)
    {
        var words = command.ToArray();
        return Process.Start(new ProcessStartInfo(words[0], words[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }

    public static Task<Outcome> DevAsync(params string[] arguments) => DevAsync(TimeSpan.FromMinutes(15), arguments);

    public static Task<Outcome> DevAsync(TimeSpan patience, params string[] arguments) => RunAsync([Repository.Dev, .. arguments], patience);

    private static async Task GiveInputAsync(Process process, string? input)
    {
        try
        {
            await process.StandardInput.WriteAsync(input ?? "");
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It did not want to read; whether that was right, its exit code tells.
        }
    }
}

using System.Diagnostics;

namespace AfsLike.Benchmarks.Sites;

internal static class Programs
{
    /// <summary>How long any single piece of work may take: what hangs is ended, and said to hang.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>The output of a program. Throws <see cref="BenchException"/> with the last line it complained with when it does not end with 0, or not in time.</summary>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, TimeSpan? patience = null)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        var what = $"{Path.GetFileName(program)} {string.Join(' ', arguments)}";
        var limit = patience ?? Patience;
        try
        {
            await Task.WhenAll(process.WaitForExitAsync(), output, error).WaitAsync(limit);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw new HangException($"{what}: not at its end after {limit.TotalSeconds:0} s");
        }

        return process.ExitCode == 0 ? await output : throw new BenchException($"{what}: exit code {process.ExitCode}: {LastLine(await error)}");
    }

    private static string LastLine(string text) => text.Trim().Split('\n')[^1];
}

using System.Diagnostics;

namespace AfsLike.Conformance.Harness;

/// <summary>A Python on a host that does what it is told, a line at a time, and lives in between: for what one process holds.</summary>
public sealed class Python : IAsyncDisposable
{
    private const string Loop = """
        import errno, fcntl, os, signal, sys
        for line in sys.stdin:
            try:
                try:
                    said = eval(compile(line.strip(), "told", "eval"))
                except SyntaxError:
                    said = exec(line.strip(), globals())
                print(repr(said), flush=True)
            except OSError as failure:
                print(errno.errorcode.get(failure.errno, failure.errno), flush=True)
            except Exception as failure:
                print(type(failure).__name__, flush=True)
        """;

    private readonly Process _process;

    private Python(Process process) => _process = process;

    /// <param name="first">What it does first, and must succeed in.</param>
    public static async Task<Python> StartAsync(CellHost host, string directory, string first)
    {
        var python = new Python(host.Start(0, "sh", "-c", $"cd {directory} && exec python3 -c '{Loop}'"));
        await python.DoAsync(first);
        return python;
    }

    /// <summary>What an expression is, as Python writes it; the name of the errno, or of the exception, that it ends with.</summary>
    public async Task<string> AskAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
        return await _process.StandardOutput.ReadLineAsync().WaitAsync(Shell.Patience) ?? throw new InvalidOperationException($"python ended at: {line}");
    }

    public async Task DoAsync(string line) => Assert.Equal("None", await AskAsync(line));

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true); // it may be waiting for a lock
        await _process.WaitForExitAsync().WaitAsync(Shell.Patience);
        _process.Dispose();
    }
}

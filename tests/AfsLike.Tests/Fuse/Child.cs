using System.Diagnostics;
using System.Globalization;
using System.Text;
using AfsLike.Tests.Fuse.Serving;

namespace AfsLike.Tests.Fuse;

internal sealed record Outcome(int Code, string Output, string Errors);

/// <summary>A process of ours. Whoever serves a mount must not look at it: all looking is done by these.</summary>
internal sealed class Child : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly Lock _gate = new();
    private readonly List<(string Part, TaskCompletionSource Seen)> _expected = [];
    private readonly Task _errorsRead;

    private Child(Process process)
    {
        _process = process;
        _errorsRead = ReadErrorsAsync();
    }

    public int Id => _process.Id;

    public bool HasEnded => _process.HasExited;

    public string Errors
    {
        get
        {
            lock (_gate)
            {
                return _errors.ToString();
            }
        }
    }

    public static Child Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/",
        };
        start.Environment["LC_ALL"] = "C";
        start.Environment["HOME"] = "/tmp/fuse";
        start.Environment["DOTNET_TieredPGO"] = "0";
        return new Child(Process.Start(start)!);
    }

    /// <summary>A shell script with a deadline of its own, in the background.</summary>
    public static Child Shell(string script, int seconds = 20) =>
        Start("timeout", "-k", "2", seconds.ToString(CultureInfo.InvariantCulture), "sh", "-c", script);

    public void Signal(int signal) => _ = LocalCalls.Kill(Id, signal);

    public async Task<string> LineAsync()
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        return await _process.StandardOutput.ReadLineAsync(late.Token) ?? throw new IOException($"it ended: {Errors}");
    }

    public async Task<string> AskAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
        return await LineAsync();
    }

    public Task TellAsync(string line)
    {
        _process.StandardInput.WriteLine(line);
        return _process.StandardInput.FlushAsync();
    }

    /// <summary>Completes when its standard error has said so.</summary>
    public Task ErrorLineAsync(string part)
    {
        lock (_gate)
        {
            if (_errors.ToString().Contains(part, StringComparison.Ordinal))
            {
                return Task.CompletedTask;
            }

            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _expected.Add((part, seen));
            return seen.Task.WaitAsync(TimeSpan.FromSeconds(20));
        }
    }

    public async Task<Outcome> EndAsync()
    {
        _process.StandardInput.Close();
        var output = await _process.StandardOutput.ReadToEndAsync();
        await _errorsRead;
        await _process.WaitForExitAsync();
        return new Outcome(_process.ExitCode, output.TrimEnd('\n'), Errors.TrimEnd('\n'));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        try
        {
            await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(5));
        }
        catch (TimeoutException)
        {
            // it stands in the kernel and ends when the mount does
        }

        _process.Dispose();
    }

    private async Task ReadErrorsAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            lock (_gate)
            {
                _errors.Append(line).Append('\n');
                foreach (var (part, seen) in _expected)
                {
                    if (line.Contains(part, StringComparison.Ordinal))
                    {
                        seen.TrySetResult();
                    }
                }
            }
        }
    }
}

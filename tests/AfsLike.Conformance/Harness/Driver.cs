using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace AfsLike.Conformance.Harness;

/// <summary>A process on a host that does file work at our word (Driver/driver.c): a round costs a system call, not a process.</summary>
public sealed class Driver : IDisposable
{
    private const ulong FnvBasis = 14695981039346656037;
    private const ulong FnvPrime = 1099511628211;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly SemaphoreSlim Compiling = new(1);
    private static string? _program;

    private readonly Process _process;
    private bool _ended;

    private Driver(Process process) => _process = process;

    public static async Task<Driver> StartAsync(CellHost host, int uid)
    {
        // The tests' own directories need not be open to other uids: the program is put where every host's users may run it.
        var driver = new Driver(host.Start(uid, await ProgramAsync()));
        Assert.Equal("ok ready", await driver.AnswerAsync());
        return driver;
    }

    /// <summary>What the contents TEXT, repeated, answer to "read": "ok SIZE HASH".</summary>
    public static string Contents(string text, int times = 1)
    {
        var hash = FnvBasis;
        var bytes = Encoding.ASCII.GetBytes(text);
        for (var i = 0; i < times; i++)
        {
            foreach (var value in bytes)
            {
                hash = unchecked((hash ^ value) * FnvPrime);
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"ok {(long)bytes.Length * times} {hash:x16}");
    }

    public async Task<string> AskAsync(string command)
    {
        await TellAsync(command);
        return await AnswerAsync();
    }

    /// <summary>Asks, and fails the test unless the answer begins with ok. Returns what follows it.</summary>
    public async Task<string> DoAsync(string command)
    {
        var answer = await AskAsync(command);
        Assert.True(answer.StartsWith("ok", StringComparison.Ordinal), $"{command}: {answer}");
        return answer.Length > 3 ? answer[3..] : "";
    }

    /// <summary>The answer, still on its way where the host cannot answer.</summary>
    public async Task<Task<string>> BeginAsync(string command)
    {
        await TellAsync(command);
        return ReadAsync();
    }

    /// <summary>The answer if it comes within that time, else null; the answer goes on being awaited.</summary>
    public static async Task<string?> WithinAsync(Task<string> answer, TimeSpan time)
    {
        try
        {
            return await answer.WaitAsync(time);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    /// <summary>kill -9. Over when the process is: one that waits for an answer of the mount has to be let go of.</summary>
    public Task KillAsync()
    {
        _process.Kill();
        return _process.WaitForExitAsync();
    }

    /// <summary>A test may end a driver before the cell ends them all.</summary>
    public void Dispose()
    {
        if (_ended)
        {
            return;
        }

        _ended = true;
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private static async Task<string> ProgramAsync()
    {
        await Compiling.WaitAsync();
        try
        {
            if (_program is null)
            {
                var made = $"/var/tmp/afslike-driver-{Environment.ProcessId}";
                var source = Path.Combine(AppContext.BaseDirectory, "Driver", "driver.c");
                (await Shell.RunAsync(["cc", "-O2", "-o", made, source])).Ok();
                AppDomain.CurrentDomain.ProcessExit += (_, _) => File.Delete(made);
                _program = made;
            }

            return _program;
        }
        finally
        {
            Compiling.Release();
        }
    }

    private async Task TellAsync(string command)
    {
        await _process.StandardInput.WriteLineAsync(command);
        await _process.StandardInput.FlushAsync();
    }

    private Task<string> AnswerAsync() => ReadAsync().WaitAsync(Patience);

    private async Task<string> ReadAsync() =>
        await _process.StandardOutput.ReadLineAsync() ?? $"err 0 the driver ended: {await _process.StandardError.ReadToEndAsync()}";
}

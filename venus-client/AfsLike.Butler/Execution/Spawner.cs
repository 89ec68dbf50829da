using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;
using AfsLike.Common.Model;

namespace AfsLike.Butler.Execution;

/// <summary>
/// Starts launchers, all from one thread that lives as long as the Butler: the kernel counts the thread that forked as the
/// parent whose death ends the child (see <see cref="JobExec"/>).
/// </summary>
internal sealed unsafe class Spawner : IDisposable
{
    private const short SetSignalDefaults = 4;
    private const short SetSignalMask = 8;
    private const short SetSession = 0x80;
    private const int ActionsBytes = 128;     // glibc: 80
    private const int AttributesBytes = 512;  // glibc: 336
    private const int SignalSetBytes = 128;

    private readonly BlockingCollection<Action> _work = [];

    public Spawner()
    {
        new Thread(Loop) { IsBackground = true, Name = "butler-spawn" }.Start();
    }

    /// <summary>
    /// Starts <paramref name="command"/> as the leader of a new session, with an empty environment, default signals, and
    /// exactly the given descriptors as 0, 1, 2, … Returns its pid.
    /// </summary>
    public Task<int> StartAsync(IReadOnlyList<string> command, int[] descriptors)
    {
        var started = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            try
            {
                started.SetResult(Start(command, descriptors));
            }
            catch (AfsException failure)
            {
                started.SetException(failure);
            }
        });
        return started.Task;
    }

    public void Dispose() => _work.CompleteAdding();

    private static int Start(IReadOnlyList<string> command, int[] descriptors)
    {
        var actions = stackalloc byte[ActionsBytes];
        var attributes = stackalloc byte[AttributesBytes];
        var all = stackalloc byte[SignalSetBytes];
        var none = stackalloc byte[SignalSetBytes];
        new Span<byte>(all, SignalSetBytes).Fill(0xFF);
        new Span<byte>(none, SignalSetBytes).Clear();
        Check(Posix.ActionsInit(actions));
        Check(Posix.AttributesInit(attributes));
        var arguments = (byte**)NativeMemory.AllocZeroed((nuint)(command.Count + 1), (nuint)sizeof(byte*));
        try
        {
            Check(Posix.AttributesFlags(attributes, SetSignalDefaults | SetSignalMask | SetSession));
            Check(Posix.AttributesMask(attributes, none));
            Check(Posix.AttributesDefault(attributes, all));
            for (var i = 0; i < descriptors.Length; i++)
            {
                Check(Posix.ActionsDuplicate(actions, descriptors[i], i));
            }

            for (var i = 0; i < command.Count; i++)
            {
                arguments[i] = Native(command[i]);
            }

            int pid;
            byte* noEnvironment = null;
            var error = Posix.Spawn(&pid, arguments[0], actions, attributes, arguments, &noEnvironment);
            return error == 0
                ? pid
                : throw new AfsException(AfsError.Internal, $"the launcher {command[0]} cannot be started: {Posix.Message(error)}");
        }
        finally
        {
            for (var i = 0; i < command.Count; i++)
            {
                NativeMemory.Free(arguments[i]);
            }

            NativeMemory.Free(arguments);
            _ = Posix.AttributesDestroy(attributes);
            _ = Posix.ActionsDestroy(actions);
        }
    }

    private static void Check(int error)
    {
        if (error != 0)
        {
            throw new AfsException(AfsError.Internal, $"posix_spawn cannot be prepared: {Posix.Message(error)}");
        }
    }

    private static byte* Native(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var copy = (byte*)NativeMemory.Alloc((nuint)bytes.Length + 1);
        bytes.CopyTo(new Span<byte>(copy, bytes.Length));
        copy[bytes.Length] = 0;
        return copy;
    }

    private void Loop()
    {
        foreach (var action in _work.GetConsumingEnumerable())
        {
            action();
        }
    }
}

using System.Buffers.Binary;
using AfsLike.Common.Model;

namespace AfsLike.Butler.Execution;

/// <summary>Starts commands under the identity of a <see cref="LaunchPlan"/>. One for the Butler's life.</summary>
/// <param name="command">The launcher and its first arguments: afsx, __exec.</param>
public sealed class Launcher(IReadOnlyList<string> command) : IDisposable
{
    private readonly Spawner _spawner = new();

    internal Poller Poller { get; } = new();

    /// <summary>
    /// The running command, or why there is none. Throws <see cref="AfsException"/> Internal when the launcher itself cannot
    /// be started.
    /// </summary>
    public async Task<(RunningCommand? Command, LaunchFailure? Failure)> StartAsync(LaunchPlan plan)
    {
        var mine = new List<int>();
        var theirs = new List<int>();
        try
        {
            var input = Descriptors.Pipe();
            Keep(mine, input.Write);
            Keep(theirs, input.Read);
            for (var i = 0; i < 2; i++)
            {
                var output = Descriptors.Pipe();
                Keep(mine, output.Read);
                Keep(theirs, output.Write);
            }

            Keep(theirs, Descriptors.MemoryFile("launch-plan", plan.Encode()));
            var failure = Descriptors.Pipe();
            Keep(mine, failure.Read);
            Keep(theirs, failure.Write);
            mine.ForEach(Descriptors.MakeNonBlocking);
            var pid = await _spawner.StartAsync(command, [.. theirs]);
            Close(theirs);
            var process = new ProcessDescriptor(pid, Poller);
            var failed = await ReadFailureAsync(mine[3]);
            if (failed is null)
            {
                var running = new RunningCommand(process, Poller, mine[0], mine[1], mine[2]);
                mine.RemoveRange(0, 3);
                return (running, null);
            }

            await process.ReapAsync();
            process.Dispose();
            return (null, failed);
        }
        finally
        {
            Close(theirs);
            mine.ForEach(Poller.Forget);
            Close(mine);
        }
    }

    public void Dispose()
    {
        _spawner.Dispose();
        Poller.Dispose();
    }

    private static void Keep(List<int> list, int fd) => list.Add(Descriptors.AboveStdio(fd));

    private static void Close(List<int> descriptors)
    {
        descriptors.ForEach(static fd => _ = Posix.Close(fd));
        descriptors.Clear();
    }

    /// <summary>Null when the pipe was closed by a successful exec. A launcher that died silently counts as one that failed.</summary>
    private async Task<LaunchFailure?> ReadFailureAsync(int fd)
    {
        var bytes = new byte[8];
        while (true)
        {
            await Poller.ReadableAsync(fd);
            switch (Descriptors.Read(fd, bytes))
            {
                case 8:
                    return new LaunchFailure(
                        (LaunchStage)BinaryPrimitives.ReadInt32LittleEndian(bytes), BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4)));
                case 0:
                    return null;
                case -1:
                    continue;
                default:
                    return new LaunchFailure(LaunchStage.Plan, 5);
            }
        }
    }
}

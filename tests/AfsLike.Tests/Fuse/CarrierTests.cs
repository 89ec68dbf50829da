using AfsLike.Common;
using AfsLike.Tests.Fuse.Serving;
using AfsLike.Venus;
using Microsoft.Win32.SafeHandles;

namespace AfsLike.Tests.Fuse;

/// <summary>What the thread of a session does with the answers it brings, and what it leaves to others.</summary>
[Collection("fuse")]
public sealed class CarrierTests
{
    /// <summary>A write waits for the disk, and for the lock of the file, whose holder may be waiting for what that very thread would bring.</summary>
    [Fact]
    public async Task Whoever_brings_an_answer_gives_it_to_the_kernel_and_writes_no_file()
    {
        var (byIt, byOthers) = (0, 0);
        var until = 0;
        var asked = new List<(int Thread, TaskCompletionSource Answer)>();
        await using var m = await MountedTree.StartAsync(static options => options with { Passthrough = false });
        m.Tree.Backing = local => new WatchedFile(local, () => _ = Carrier.IsCurrent ? byIt++ : 0, () => byOthers++);
        m.Tree.Before = (call, name) => call switch
        {
            "GetAttributes" when Interlocked.Decrement(ref until) == 0 => AskAsync(),
            "Lookup" => Answered(name),
            _ => Task.CompletedTask,
        };
        var seen = await m.RunAsync(
            """
            python3 - <<'P'
            import os, signal
            def child(work):
                pid = os.fork()
                if pid == 0:
                    work(); os._exit(0)
                return pid
            def look():
                for i in range(1000000):
                    os.path.exists('nothing%d' % i)
            def write():
                os.setgroups([]); os.setgid(1000); os.setuid(1000)
                f = os.open('a', os.O_WRONLY); os.path.exists('now%d' % os.getpid()); os.write(f, b'y'); os.close(f)
            looking = child(look)
            open('a', 'w').close()
            for i in range(5):
                os.chmod('a', 0o6777)
                os.waitpid(child(write), 0)
            os.kill(looking, signal.SIGKILL); os.waitpid(looking, 0)
            P
            """);
        Assert.Equal("", seen);
        Assert.Equal(0, byIt);
        Assert.Equal(5, byOthers);
        Assert.Empty(m.Tree.Violations);

        Task AskAsync()
        {
            var answer = new TaskCompletionSource();
            lock (asked)
            {
                asked.Add((Environment.CurrentManagedThreadId, answer));
            }

            return answer.Task;
        }

        // Once the thread that asked serves another call, it does not look at the answer by itself any more.
        Task Answered(string name)
        {
            lock (asked)
            {
                until = name.StartsWith("now", StringComparison.Ordinal) ? 2 : until; // the kernel asks, and then the write itself, which takes privileges away
                foreach (var (_, answer) in asked.Where(static one => one.Thread == Environment.CurrentManagedThreadId))
                {
                    new Thread(() => Bring(answer)).Start();
                }

                asked.RemoveAll(static one => one.Thread == Environment.CurrentManagedThreadId);
            }

            return Task.CompletedTask;
        }

        static void Bring(TaskCompletionSource answer)
        {
            using var carrier = Carrier.Begin();
            answer.SetResult();
        }
    }

    private sealed class WatchedFile(SafeFileHandle local, Action here, Action elsewhere) : DescriptorFile(local)
    {
        public override void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            here();
            base.Write(bytes, offset);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, long offset, CancellationToken cancel)
        {
            elsewhere();
            return base.WriteAsync(bytes, offset, cancel);
        }
    }
}

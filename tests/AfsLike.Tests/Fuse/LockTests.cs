using AfsLike.Tests.Fuse.Serving;

namespace AfsLike.Tests.Fuse;

/// <summary>fcntl(2) and flock(2) between processes of one mount, as the tree decides them.</summary>
[Collection("fuse")]
public sealed class LockTests
{
    private const string Python =
        """
        import fcntl, os, sys, signal
        f = open("a", "r+")
        def held(kind):
            try: kind(f, fcntl.LOCK_EX | fcntl.LOCK_NB); return False
            except OSError as e: return e.errno
        """;

    [Theory]
    [InlineData("lockf")]
    [InlineData("flock")]
    public async Task A_lock_keeps_another_process_out_until_it_is_closed(string kind)
    {
        await using var m = await MountedTree.StartAsync();
        await m.RunAsync("echo x > a");
        await using var holder = m.Background($"python3 -c '{Python}\nfcntl.{kind}(f, fcntl.LOCK_EX); print(1, flush=True); sys.stdin.readline()'");
        Assert.Equal("1", await holder.LineAsync());
        Assert.Equal("11", await m.RunAsync($"python3 -c '{Python}\nprint(held(fcntl.{kind}))'"));
        await using var waiter = m.Background($"python3 -c '{Python}\nfcntl.{kind}(f, fcntl.LOCK_EX); print(\"mine\")'");
        await m.Tree.Locks.SomebodyWaitsAsync();
        await holder.TellAsync("go");
        await holder.EndAsync();
        Assert.Equal("mine", (await waiter.EndAsync()).Output);
        Assert.Equal("False", await m.RunAsync($"python3 -c '{Python}\nprint(held(fcntl.{kind}))'"));
        m.AssertNothingWrong();
    }

    [Theory]
    [InlineData("lockf")]
    [InlineData("flock")]
    public async Task A_signal_ends_the_wait_for_a_lock(string kind)
    {
        await using var m = await MountedTree.StartAsync();
        await m.RunAsync("echo x > a");
        await using var holder = m.Background($"python3 -c '{Python}\nfcntl.{kind}(f, fcntl.LOCK_EX); print(1, flush=True); sys.stdin.readline()'");
        Assert.Equal("1", await holder.LineAsync());
        await using var waiter = m.Background(
            $"exec python3 -c '{Python}\nprint(os.getpid(), flush=True)\ntry: fcntl.{kind}(f, fcntl.LOCK_EX)\nexcept KeyboardInterrupt: print(\"interrupted\")'");
        var pid = int.Parse(await waiter.LineAsync(), System.Globalization.CultureInfo.InvariantCulture);
        await m.Tree.Locks.SomebodyWaitsAsync();
        _ = LocalCalls.Kill(pid, LocalCalls.SigInterrupt);
        Assert.Equal("interrupted", (await waiter.EndAsync()).Output);
        Assert.Equal(0, (await holder.EndAsync()).Code); // it held the lock to its own end, and was not the one to make way
        Assert.Equal(0, m.Tree.Locks.Waiting);
        Assert.Equal(0, m.Mount.Waiting);
    }

    [Fact]
    public async Task A_killed_holder_loses_its_lock()
    {
        await using var m = await MountedTree.StartAsync();
        await m.RunAsync("echo x > a");
        await using var holder = m.Background($"exec python3 -c '{Python}\nfcntl.lockf(f, fcntl.LOCK_EX); print(os.getpid(), flush=True); sys.stdin.readline()'");
        var pid = int.Parse(await holder.LineAsync(), System.Globalization.CultureInfo.InvariantCulture);
        _ = LocalCalls.Kill(pid, LocalCalls.SigKill);
        Assert.Equal("False", await m.RunAsync($"python3 -c '{Python}\nfcntl.lockf(f, fcntl.LOCK_EX); print(False)'"));
    }

    [Fact]
    public async Task Ranges_do_not_meet_and_the_holder_is_named()
    {
        await using var m = await MountedTree.StartAsync();
        await m.RunAsync("echo x > a");
        await using var holder = m.Background(
            $"exec python3 -c '{Python}\nfcntl.lockf(f, fcntl.LOCK_EX, 10, 100); print(os.getpid(), flush=True); sys.stdin.readline()'");
        var pid = await holder.LineAsync();
        var seen = await m.RunAsync(
            "python3 -c '" + Python + "\nimport struct\nfcntl.lockf(f, fcntl.LOCK_EX, 100, 0); fcntl.lockf(f, fcntl.LOCK_EX, 0, 110)\n"
            + "r = fcntl.fcntl(f, fcntl.F_GETLK, struct.pack(\"hhqqi4x\", fcntl.F_WRLCK, 0, 105, 1, 0))\nprint(struct.unpack(\"hhqqi4x\", r))'");
        Assert.Equal($"(1, 0, 100, 10, {pid})", seen);
    }
}

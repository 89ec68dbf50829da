using System.Globalization;
using AfsLike.Tests.Fuse.Serving;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Fuse;

/// <summary>After a break is acknowledged nobody on this machine sees the old state again, however busy the kernel is asking.</summary>
[Collection("fuse")]
public sealed class CoherenceTests
{
    private const int Rounds = 300;

    /// <summary>Answers each line "a path" with mode and length, "l path" with the number of entries, "c path" with contents.</summary>
    private const string Looker =
        "exec python3 -uc 'import os, sys\n"
        + "def look(kind, path):\n"
        + "    try:\n"
        + "        if kind == \"a\": s = os.stat(path); return f\"{s.st_mode & 0o777} {s.st_size}\"\n"
        + "        if kind == \"l\": return len(os.listdir(path))\n"
        + "        return open(path).read()\n"
        + "    except FileNotFoundError: return \"none\"\n"
        + "for line in sys.stdin: print(look(*line.split()))'";

    private const string Restless =
        "exec python3 -c 'import os, sys\n"
        + "while True:\n"
        + "    for f in (lambda: os.stat(\"d/a\"), lambda: open(\"d/a\").read(), lambda: os.listdir(\"d\"), lambda: os.stat(\"d/x\"), lambda: os.stat(\"d\")):\n"
        + "        try: f()\n"
        + "        except FileNotFoundError: pass'";

    [Theory]
    [InlineData(OpenKind.Passthrough)]
    [InlineData(OpenKind.Served)]
    public async Task What_was_broken_is_not_seen_again_while_others_ask_all_the_time(OpenKind kind)
    {
        await using var m = await MountedTree.StartAsync();
        m.Tree.Kind = kind;
        m.Tree.Populate("d", 20);
        await m.RunAsync("echo x > d/a");
        await using var one = m.Background(Restless, 60);
        await using var two = m.Background(Restless, 60);
        await using var looker = m.Background(Looker, 60);
        for (var i = 0; i < Rounds; i++)
        {
            await m.Tree.ChangeModeElsewhere("d/a", (uint)(0x100 + (i % 64)));
            Assert.StartsWith((0x100 + (i % 64)).ToString(CultureInfo.InvariantCulture) + " ", await looker.AskAsync("a d/a"), StringComparison.Ordinal);
            await m.Tree.PutElsewhere("d/x", $"round{i}");
            Assert.Equal($"round{i}", await looker.AskAsync("c d/x"));
            Assert.Equal("22", await looker.AskAsync("l d"));
            await m.Tree.PutElsewhere("d/a", $"other{i}");
            Assert.Equal($"other{i}", await looker.AskAsync("c d/a"));
            await m.Tree.RemoveElsewhere("d/x");
            Assert.Equal("none", await looker.AskAsync("a d/x"));
            Assert.Equal("21", await looker.AskAsync("l d"));
        }

        one.Signal(LocalCalls.SigTerminate);
        two.Signal(LocalCalls.SigTerminate);
        m.AssertNothingWrong();
    }

    [Fact]
    public async Task A_file_extended_elsewhere_is_read_whole_while_others_read_it()
    {
        await using var m = await MountedTree.StartAsync();
        m.Tree.Kind = OpenKind.Served;
        await m.RunAsync("mkdir d; printf x > d/a");
        await using var one = m.Background(Restless, 60);
        await using var looker = m.Background(Looker, 60);
        for (var i = 2; i < 150; i++)
        {
            await m.Tree.ExtendElsewhere("d/a", "x");
            Assert.EndsWith($" {i}", await looker.AskAsync("a d/a"), StringComparison.Ordinal);
            Assert.Equal(new string('x', i), await looker.AskAsync("c d/a"));
        }

        one.Signal(LocalCalls.SigTerminate);
    }

    [Fact]
    public async Task Everything_taken_back_again_and_again_leaves_nothing_old()
    {
        await using var m = await MountedTree.StartAsync();
        m.Tree.Populate("d", 50);
        await m.RunAsync("echo x > d/a");
        await using var one = m.Background(Restless, 60);
        await using var looker = m.Background(Looker, 60);
        for (var i = 0; i < 200; i++)
        {
            var before = m.Tree.Silently("d/a", (uint)(0x100 + (i % 64)));
            await m.Mount.Notifier.InvalidateEverythingAsync([before]);
            Assert.StartsWith((0x100 + (i % 64)).ToString(CultureInfo.InvariantCulture) + " ", await looker.AskAsync("a d/a"), StringComparison.Ordinal);
        }

        one.Signal(LocalCalls.SigTerminate);
    }

    [Fact]
    public async Task A_mount_that_was_disposed_sends_nothing_and_its_successor_is_asked_again()
    {
        await using var m = await MountedTree.StartAsync();
        await m.RunAsync("mkdir d");
        var held = new TaskCompletionSource();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        m.Tree.Before = (what, name) =>
        {
            if (what == "Lookup" && name == "slow" && asked.TrySetResult())
            {
                return held.Task;
            }

            return Task.CompletedTask;
        };
        await using var slow = m.Background("cat d/slow");
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(10));
        await m.Mount.DisposeAsync();

        await using var second = await AfsLike.Fuse.FuseMount.ConnectAsync(m.Place.Socket, new AfsLike.Fuse.FuseMountOptions { RemoteLocks = true });
        Assert.True(second.Restarted);
        m.Tree.Notifier = second.Notifier;
        await m.Tree.PutElsewhere("d/slow", "answered by the second");
        second.Attach(m.Tree);
        Assert.Equal("answered by the second", (await slow.EndAsync()).Output);
        await m.RunAsync("cat d/slow"); // the notice that waited for the first has dropped it once
        var known = second.HeldNodes;
        held.SetResult();
        Assert.Equal("answered by the second", await m.RunAsync("cat d/slow"));
        Assert.Equal(known, second.HeldNodes);
        Assert.Equal(0, second.Waiting);
    }
}

using System.Collections;
using AfsLike.Common.Model;
using AfsLike.Tests.Fuse.Serving;
using AfsLike.Venus.Tree;

namespace AfsLike.Tests.Fuse;

/// <summary>What the kernel answers by itself, and that it stops when it is told (RULES.md 1, 2, 3).</summary>
[Collection("fuse")]
public sealed class KernelCacheTests
{
    [Fact]
    public async Task A_second_stat_asks_nothing()
    {
        await using var m = await MountedTree.StartAsync();
        await m.RunAsync("mkdir d; echo x > d/a; ls -l d; stat d/a; stat d; stat d/none || true"); // a read makes the kernel ask for the access time once
        var before = m.Mount.Upcalls;
        await m.RunAsync("stat d/a; stat d/a; stat d; stat d/none || true"); // preceded by a cd, which always asks ACCESS
        Assert.Equal(Calls(before), Calls(m.Mount.Upcalls));

        static IEnumerable<(string, long)> Calls(IEnumerable<(string Opcode, long Count)> all) =>
            all.Where(call => call.Opcode is "Lookup" or "GetAttributes" or "Open" or "OpenDirectory");
    }

    /// <summary>A notice may come between such a reply and its reading, and the kernel does not look: so what it says must not be kept.</summary>
    [Theory]
    [InlineData("chmod 600 d/a", "d/a")]
    [InlineData("ln d/a d/b", "d/a")]
    [InlineData("mkdir d/e", "d/e")]
    public async Task What_answers_a_change_is_not_kept_and_a_stat_after_it_asks_once(string change, string path)
    {
        await using var m = await MountedTree.StartAsync();
        await m.RunAsync("mkdir d; echo x > d/a; stat d/a; stat d/a");
        await m.RunAsync(change);
        var before = m.Count("GetAttributes");
        await m.RunAsync($"stat {path}; stat {path}");
        Assert.Equal(before + 1, m.Count("GetAttributes"));
    }

    [Fact]
    public async Task Reads_and_writes_do_not_come_to_the_daemon()
    {
        await using var m = await MountedTree.StartAsync();
        await m.RunAsync("dd if=/dev/zero of=a bs=1M count=20 2>/dev/null; cat a > /dev/null; echo x >> a; md5sum a; cp a b; cmp a b");
        Assert.Equal(0, m.Count("Read"));
        Assert.Equal(0, m.Count("Write"));
        Assert.True(m.Mount.Passthrough.Active, m.Mount.Passthrough.Reason);
    }

    [Fact]
    public async Task A_second_listing_asks_only_for_the_handle()
    {
        await using var m = await MountedTree.StartAsync();
        m.Tree.Populate("d", 100);
        await m.RunAsync("ls d; ls d");
        var before = m.Count("ReadDirectory") + m.Count("ReadDirectoryPlus");
        await m.RunAsync("ls d");
        Assert.Equal(before, m.Count("ReadDirectory") + m.Count("ReadDirectoryPlus"));
    }

    [Fact]
    public async Task A_kept_listing_is_dropped_by_a_break()
    {
        await using var m = await MountedTree.StartAsync();
        m.Tree.Populate("d", 10);
        await m.RunAsync("ls d; ls d");
        await m.Tree.PutElsewhere("d/new", "x");
        Assert.Equal("11", await m.RunAsync("ls d | wc -l"));
        await m.Tree.RemoveElsewhere("d/new");
        await m.Tree.RemoveElsewhere("d/entry-00003");
        Assert.Equal("9", await m.RunAsync("ls d | wc -l"));
        Assert.Equal("9", await m.RunAsync("ls d | wc -l"));
    }

    [Fact]
    public async Task A_file_replaced_elsewhere_is_seen_and_the_open_one_keeps_its_bytes()
    {
        await using var m = await MountedTree.StartAsync();
        await using var holder = m.Background("echo old > a; stat a >/dev/null; exec 5<a; echo ready; read go; cat <&5; cat a");
        Assert.Equal("ready", await holder.LineAsync());
        await m.Tree.PutElsewhere("a", "new\n");
        Assert.Equal("4", await m.RunAsync("stat -c %s a"));
        await holder.TellAsync("go");
        Assert.Equal("old\nnew", (await holder.EndAsync()).Output);
        m.AssertNothingWrong();
    }

    [Fact]
    public async Task A_name_made_elsewhere_is_seen_after_it_was_known_to_be_absent()
    {
        await using var m = await MountedTree.StartAsync();
        await m.RunAsync("mkdir d; test ! -e d/a; test ! -e d/a");
        var before = m.Count("Lookup");
        await m.RunAsync("test ! -e d/a");
        Assert.Equal(before, m.Count("Lookup"));
        Assert.Equal(TakenBack.Precisely, await m.Tree.PutElsewhere("d/a", "here"));
        Assert.Equal("here", await m.RunAsync("cat d/a"));
    }

    [Fact]
    public async Task Attributes_changed_elsewhere_are_seen_also_through_an_open_file()
    {
        await using var m = await MountedTree.StartAsync();
        await using var holder = m.Background("umask 022; echo x > a; exec 5<a; stat -L -c %a /dev/fd/5; read go; stat -L -c %a /dev/fd/5; stat -c %a a");
        Assert.Equal("644", await holder.LineAsync());
        await m.Tree.ChangeModeElsewhere("a", 0x180);
        await holder.TellAsync("go");
        Assert.Equal("600\n600", (await holder.EndAsync()).Output);
    }

    [Fact]
    public async Task A_file_extended_elsewhere_is_longer_at_once()
    {
        await using var m = await MountedTree.StartAsync();
        await m.RunAsync("echo one > a; cat a; stat a");
        await m.Tree.ExtendElsewhere("a", "two\n");
        Assert.Equal("8 8\none\ntwo", await m.RunAsync("echo $(stat -c %s a) $(wc -c < a); cat a"));
    }

    /// <summary>They are the tree's own table, which nobody else may be reading when it goes on.</summary>
    [Fact]
    public async Task The_nodes_that_are_taken_back_are_read_by_who_asks_for_it_and_not_later()
    {
        await using var m = await MountedTree.StartAsync();
        var nodes = new ReadBy();
        var caller = Environment.CurrentManagedThreadId;
        await m.Mount.Notifier.InvalidateEverythingAsync(nodes);
        Assert.Equal([caller], nodes.Threads);
    }

    [Fact]
    public async Task A_break_that_overtakes_the_answer_of_a_lookup_is_not_lost()
    {
        await using var m = await MountedTree.StartAsync();
        await m.RunAsync("mkdir d; echo x > d/a");
        await m.Tree.ChangeModeElsewhere("d/a", 0x180);
        await m.Mount.Notifier.InvalidateEverythingAsync([]);
        var once = 0;
        m.Tree.After = async (what, name) =>
        {
            if (what == "Lookup" && name == "a" && Interlocked.Increment(ref once) == 1)
            {
                await m.Tree.ChangeModeElsewhere("d/a", 0x1FF); // complete before the answer is written
            }
        };
        await m.RunAsync("stat d/a");
        m.Tree.After = null;
        Assert.Equal("777", await m.RunAsync("stat -c %a d/a"));
    }

    [Fact]
    public async Task A_negative_answer_that_a_break_overtakes_does_not_stay()
    {
        await using var m = await MountedTree.StartAsync();
        await m.RunAsync("mkdir d");
        var once = 0;
        m.Tree.After = async (what, name) =>
        {
            if (what == "Lookup" && name == "a" && Interlocked.Increment(ref once) == 1)
            {
                Assert.Equal(TakenBack.WithEverything, await m.Tree.PutElsewhere("d/a", "here", mutationPending: true));
            }
        };
        await m.RunAsync("test ! -e d/a || true");
        m.Tree.After = null;
        Assert.Equal("here", await m.RunAsync("cat d/a"));
    }

    [Fact]
    public async Task Taking_a_name_back_does_not_wait_for_a_lookup_in_that_directory()
    {
        await using var m = await MountedTree.StartAsync();
        await m.RunAsync("mkdir d; echo x > d/a; stat d/a; ls d");
        var answered = new TaskCompletionSource();
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        m.Tree.Before = (what, name) =>
        {
            if (what == "Lookup" && name == "slow")
            {
                asked.TrySetResult();
                return answered.Task;
            }

            return Task.CompletedTask;
        };
        await using var slow = m.Background("stat d/slow");
        await asked.Task;
        Assert.Equal(TakenBack.WithEverything, await m.Tree.PutElsewhere("d/a", "new"));
        Assert.Equal(1, m.Mount.EverythingTakenBack);
        answered.SetResult();
        Assert.Equal(1, (await slow.EndAsync()).Code);
        Assert.Equal("new", await m.RunAsync("cat d/a"));
        m.Tree.Before = null;
    }

    [Fact]
    public async Task Two_creators_in_one_directory_both_go_on()
    {
        await using var m = await MountedTree.StartAsync();
        await m.RunAsync("mkdir d; ls d; test ! -e d/other");
        var told = TakenBack.Precisely;
        m.Tree.Before = async (what, name) =>
        {
            if (what == "Create" && name == "mine")
            {
                told = await m.Tree.PutElsewhere("d/other", "theirs"); // our CREATE is answered when their break is acknowledged
            }
        };
        Assert.Equal("theirs", await m.RunAsync("echo x > d/mine; cat d/other"));
        Assert.Equal(TakenBack.WithEverything, told);
        Assert.Equal("mine\nother", await m.RunAsync("ls d"));
    }

    [Fact]
    public async Task A_break_in_the_middle_of_a_listing_is_not_kept_out_of_the_next()
    {
        await using var m = await MountedTree.StartAsync();
        m.Tree.Populate("d", 3000);
        var once = 0;
        m.Tree.After = async (what, _) =>
        {
            if (what == "ReadDirectory" && Interlocked.Increment(ref once) == 2)
            {
                await m.Tree.PutElsewhere("d/new", "x");
            }
        };
        await m.RunAsync("ls d");
        m.Tree.After = null;
        Assert.Equal("3001", await m.RunAsync("ls d | wc -l"));
        Assert.Equal("3001", await m.RunAsync("ls d | wc -l"));
    }

    [Fact]
    public async Task Everything_taken_back_is_asked_again()
    {
        await using var m = await MountedTree.StartAsync();
        await m.RunAsync("mkdir d; echo x > d/a; stat d/a");
        await m.Mount.Notifier.InvalidateEverythingAsync([]);
        var before = m.Count("Lookup");
        await m.RunAsync("stat d/a");
        Assert.Equal(before + 2, m.Count("Lookup"));
    }

    [Fact]
    public async Task Nodes_are_forgotten_when_the_kernel_drops_them_and_counted_right()
    {
        await using var m = await MountedTree.StartAsync();
        m.Tree.Populate("d", 500);
        await m.RunAsync("ls -l d; for i in 1 2 3; do stat d/* > /dev/null; done; ls -lR .; sync; echo 2 > /proc/sys/vm/drop_caches");
        await m.RunAsync("rm -r d");
        Assert.Empty(m.Tree.Violations);
        Assert.InRange(m.Mount.HeldNodes, 0, 2);
        Assert.InRange(m.Tree.Nodes, 1, 3);
    }

    [Fact]
    public async Task Files_served_by_the_daemon_keep_their_pages_and_lose_them_by_a_break()
    {
        await using var m = await MountedTree.StartAsync();
        m.Tree.Kind = OpenKind.Served;
        await m.RunAsync("echo one > a; cat a; cat a");
        var before = m.Count("Read");
        Assert.True(before > 0);
        Assert.Equal("one", await m.RunAsync("cat a"));
        Assert.Equal(before, m.Count("Read"));
        await m.Tree.ExtendElsewhere("a", "two\n");
        Assert.Equal("one\ntwo", await m.RunAsync("cat a"));
        Assert.True(m.Count("Read") > before);
    }

    [Fact]
    public async Task A_page_that_is_being_read_does_not_hold_up_a_break()
    {
        await using var m = await MountedTree.StartAsync();
        m.Tree.Kind = OpenKind.Served;
        await m.RunAsync("echo one > a");
        await m.Mount.Notifier.InvalidateNodeAsync(m.Tree.NodeOf("a"), contents: true);
        var read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var go = new TaskCompletionSource();
        m.Tree.Before = (what, _) =>
        {
            if (what == "Read")
            {
                read.TrySetResult();
                return go.Task;
            }

            return Task.CompletedTask;
        };
        await using var reader = m.Background("cat a");
        await read.Task.WaitAsync(TimeSpan.FromSeconds(10));
        await m.Tree.ExtendElsewhere("a", "two\n").WaitAsync(TimeSpan.FromSeconds(10));
        m.Tree.Before = null;
        go.SetResult();
        await reader.EndAsync();
        Assert.Equal("one\ntwo", await m.RunAsync("cat a"));
    }

    private sealed class ReadBy : IReadOnlyCollection<NodeId>
    {
        public List<int> Threads { get; } = [];

        public int Count => 1;

        public IEnumerator<NodeId> GetEnumerator()
        {
            Threads.Add(Environment.CurrentManagedThreadId);
            yield return new NodeId(12345);
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}

using AfsLike.Tests.Fuse.Serving;

namespace AfsLike.Tests.Fuse;

/// <summary>What the mount does while nobody, a frozen one, or another one serves it (promise F2, RULES.md 4, 6, 14, 17).</summary>
[Collection("fuse")]
public sealed class SupervisionTests
{
    [Fact]
    public async Task A_killed_server_leaves_the_mount_waiting_and_the_next_one_answers()
    {
        await using var place = await SupervisedMount.StartAsync();
        await using var first = await place.ServeAsync("slow");
        await place.RunAsync("mkdir d; echo old > d/a; stat d/a; ls d");
        await using var open = place.Background(
            "exec python3 -uc 'import os, sys\nr = os.open(\"d/a\", os.O_RDONLY); w = os.open(\"d/a\", os.O_WRONLY | os.O_APPEND)\nos.write(w, b\"first\\n\"); print(\"ready\")\n"
            + "for line in sys.stdin: os.write(w, line.encode()); print(os.read(r, 99))\nos.close(w); print(open(\"d/a\").readlines())'",
            60);
        Assert.Equal("ready", await open.LineAsync());
        await using var slow = place.Background("test -e d/slow || echo $?", 60);
        Assert.Equal("held", await first.LineAsync());

        first.Signal(LocalCalls.SigKill);
        await place.Supervisor.ErrorLineAsync("is gone");
        Assert.Equal("b'old\\nfirst\\nmore\\n'", await open.AskAsync("more")); // needs nobody until it is closed (the first write asks for xattrs)
        await using var waiting = place.Background("cat d/a; echo made > d/b; cat d/b", 60);
        Assert.False(slow.HasEnded);

        await using var second = await place.ServeAsync();
        Assert.Equal("1", (await slow.EndAsync()).Output.TrimEnd());
        Assert.Equal("old\nfirst\nmore\nmade", (await waiting.EndAsync()).Output);
        Assert.Equal("b'last\\n'", await open.AskAsync("last"));
        Assert.Equal("['old\\n', 'first\\n', 'more\\n', 'last\\n']", (await open.EndAsync()).Output);
        Assert.Equal("a\nb", await place.RunAsync("ls d"));
        Assert.Equal(string.Empty, await second.AskAsync("violations"));
    }

    [Fact]
    public async Task A_second_server_is_told_who_serves()
    {
        await using var place = await SupervisedMount.StartAsync();
        await using var first = await place.ServeAsync();
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => place.ServeAsync());
        Assert.Contains($"process {first.Id}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_frozen_server_is_no_longer_vouched_for()
    {
        await using var place = await SupervisedMount.StartAsync();
        await using var server = await place.ServeAsync();
        await place.RunAsync("mkdir d; echo x > d/a; stat d/a; stat d/a");
        var before = await server.AskAsync("count Lookup");
        await place.RunAsync("stat d/a; stat d");
        Assert.Equal(before, await server.AskAsync("count Lookup"));
        await using var holder = place.Background("exec 5<d/a; stat -L -c %s /dev/fd/5; read go; stat -L -c %s /dev/fd/5");
        Assert.Equal("2", await holder.LineAsync());

        Assert.Equal("published", await server.AskAsync("trust 300"));
        server.Signal(LocalCalls.SigStop);
        await place.Supervisor.ErrorLineAsync("vouches for nothing");
        await using var byName = place.Background("stat d/a");
        await holder.TellAsync("go");
        var asking = Task.WhenAll(byName.EndAsync(), holder.EndAsync());
        await Assert.ThrowsAsync<TimeoutException>(() => asking.WaitAsync(TimeSpan.FromMilliseconds(300)));
        Assert.False(byName.HasEnded);
        Assert.False(holder.HasEnded);

        server.Signal(LocalCalls.SigContinue);
        var answers = await asking;
        Assert.Equal(0, answers[0].Code);
        Assert.Equal("2", answers[1].Output);
        Assert.Equal("1", await server.AskAsync("revocations"));
    }

    [Fact]
    public async Task Trust_that_is_renewed_in_time_is_not_revoked()
    {
        await using var place = await SupervisedMount.StartAsync();
        await using var server = await place.ServeAsync();
        await place.RunAsync("mkdir d; echo x > d/a; stat d/a");
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("published", await server.AskAsync("trust 5000"));
        }

        Assert.Equal("published", await server.AskAsync("trust 200"));
        Assert.Equal("published", await server.AskAsync("trust 60000"));
        await server.AskAsync("put d/b content");
        Assert.Equal("content", await place.RunAsync("cat d/b"));
        Assert.Equal("0", await server.AskAsync("revocations"));
        Assert.Equal("published", await server.AskAsync("trust 300")); // ends after the one that was renewed would have
        await place.Supervisor.ErrorLineAsync("vouches for nothing");
        Assert.Equal("1", await server.AskAsync("revocations"));
    }

    [Fact]
    public async Task A_caller_waiting_for_a_dead_server_can_be_killed()
    {
        await using var place = await SupervisedMount.StartAsync();
        await using var first = await place.ServeAsync("slow");
        await using var slow = Child.Start("stat", Path.Combine(place.At, "slow"));
        Assert.Equal("held", await first.LineAsync());
        first.Signal(LocalCalls.SigKill);
        await place.Supervisor.ErrorLineAsync("is gone");
        slow.Signal(LocalCalls.SigKill);
        Assert.Equal(137, (await slow.EndAsync().WaitAsync(TimeSpan.FromSeconds(10))).Code);
    }

    [Fact]
    public async Task Directories_open_over_a_restart_go_on()
    {
        await using var place = await SupervisedMount.StartAsync();
        await using var first = await place.ServeAsync();
        await place.RunAsync("mkdir d; cd d; for i in $(seq 1000); do : > file-with-a-longish-name-$i; done", 60);
        await using var lister = place.Background(
            "exec python3 -c 'import os, sys\ns = os.scandir(\"d\"); n = {next(s).name}; print(1, flush=True); sys.stdin.readline()\n"
            + "for e in s: n.add(e.name)\nprint(len(n))'", 60);
        Assert.Equal("1", await lister.LineAsync());
        first.Signal(LocalCalls.SigKill);
        await using var second = await place.ServeAsync();
        await lister.TellAsync("go");
        Assert.Equal("1000", (await lister.EndAsync()).Output);
    }

    [Fact]
    public async Task The_supervisor_unmounts_when_it_is_told_to_stop()
    {
        await using var place = await SupervisedMount.StartAsync();
        await using var server = await place.ServeAsync();
        await place.RunAsync("echo x > a");
        place.Supervisor.Signal(15);
        Assert.Equal(0, (await place.Supervisor.EndAsync()).Code);
        Assert.DoesNotContain(place.At, await File.ReadAllTextAsync("/proc/self/mountinfo"), StringComparison.Ordinal);
    }
}

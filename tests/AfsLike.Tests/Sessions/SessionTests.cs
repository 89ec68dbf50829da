using AfsLike.Common.Model;
using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;

namespace AfsLike.Tests.Sessions;

public sealed class SessionTests
{
    private static readonly BrokenPromise[] One = [new BrokenPromise { Fid = new Fid(1, 9).ToWire(), Version = 5 }];

    [Fact]
    public async Task A_call_is_answered_and_trust_follows_from_an_answered_renewal()
    {
        var world = new SessionWorld();
        world.Start();
        await world.UntilAsync(() => world.Session.IsTrusted);
        await world.CallAsync(1);
        Assert.Equal("test.cell", world.Session.Cell);
        Assert.Equal(["remembered", "connected"], world.Server.Told);
        world.Stop();
    }

    [Theory]
    [InlineData(3)]
    [InlineData(60)]
    public async Task The_servers_lease_counts_whatever_the_client_is_configured_for(int seconds)
    {
        var world = new SessionWorld(new SessionSettings { Lease = TimeSpan.FromSeconds(seconds) });
        world.Start();
        await world.UntilAsync(() => world.Session.IsTrusted);
        for (var look = 0; look < 5 * seconds; look++)
        {
            await world.AdvanceAsync(TimeSpan.FromSeconds(0.2));
            Assert.True(await world.Read(() => world.Session.IsTrusted));
        }

        Assert.Equal(1, world.Dials);
        world.Stop();
    }

    [Fact]
    public async Task An_error_of_the_server_is_the_callers_and_a_defect_harms_only_its_own_call()
    {
        var world = new SessionWorld();
        world.Server.Handler = (_, request) => request.Status.Fid.Vnode == 1
            ? throw new AfsException(AfsError.AccessDenied, "no l right here")
            : throw new InvalidOperationException("a defect");
        world.Start();
        var refused = await Assert.ThrowsAsync<AfsException>(() => world.CallAsync(1));
        var broken = await Assert.ThrowsAsync<AfsException>(() => world.CallAsync(2));
        Assert.Equal((AfsError.AccessDenied, "no l right here"), (refused.Error, refused.Message));
        Assert.Equal(AfsError.Internal, broken.Error);
        Assert.True(await world.Read(() => world.Session.IsConnected));
        world.Stop();
    }

    [Fact]
    public async Task A_call_without_a_reply_is_sent_again_on_the_next_stream()
    {
        var world = new SessionWorld();
        var asked = 0;
        var first = new TaskCompletionSource<Reply>();
        world.Server.Handler = (_, _) => ++asked == 1 ? first.Task : Task.FromResult(new Reply());
        world.Start();
        var call = world.CallAsync(1);
        await world.UntilAsync(() => asked == 1);
        world.Wire.Cut();
        await world.UntilAsync(() => asked == 2);
        await call;
        Assert.Equal(["connected, not kept", "connected, kept"], world.Client.Told);
        world.Stop();
    }

    [Fact]
    public async Task A_break_is_complete_when_it_is_acknowledged_and_not_before()
    {
        var world = new SessionWorld();
        var told = new TaskCompletionSource<IReadOnlyList<Fid>>();
        world.Client.OnBreak = _ => told.Task;
        world.Client.GivenUp = [new Fid(1, 10)];
        world.Start();
        await world.UntilAsync(() => world.Session.IsTrusted);
        var broken = world.On(() => world.ServerSession.BreakAsync(One));
        await world.UntilAsync(() => world.Client.Told.Contains("break 1"));
        Assert.False(broken.IsCompleted);
        told.SetResult([new Fid(1, 9)]);
        Assert.Equal([new Fid(1, 9)], (await broken).OpenHere);
        Assert.Equal([new Fid(1, 10)], (await broken).GivenUp);
        world.Stop();
    }

    [Fact]
    public async Task A_client_cut_off_stops_trusting_before_the_server_stops_waiting_for_it()
    {
        var world = new SessionWorld();
        world.Start();
        await world.UntilAsync(() => world.Session.IsTrusted);
        world.Reachable = false;
        world.Wire.Cut();
        var broken = world.On(() => world.ServerSession.BreakAsync(One));
        await world.UntilAsync(() => world.Client.Told.Contains("trust lost"), world.Settings.Lease);
        Assert.False(broken.IsCompleted);
        Assert.False(await world.Read(() => world.Session.IsTrusted));
        await world.UntilAsync(() => broken.IsCompleted, world.Settings.Lease);
        Assert.Empty((await broken).OpenHere);
        Assert.Contains("expired", world.Server.Told);
        world.Stop();
    }

    [Fact]
    public async Task A_break_whose_acknowledgement_was_lost_is_sent_again_and_acknowledged()
    {
        var world = new SessionWorld();
        var hold = new TaskCompletionSource<IReadOnlyList<Fid>>();
        world.Client.OnBreak = _ => hold.Task;
        world.Start();
        await world.UntilAsync(() => world.Session.IsTrusted);
        var broken = world.On(() => world.ServerSession.BreakAsync(One));
        await world.UntilAsync(() => world.Client.Told.Contains("break 1"));
        world.Wire.Cut();
        await world.UntilAsync(() => world.Client.Told.Contains("connected, kept"));
        Assert.False(broken.IsCompleted);
        hold.SetResult([]);
        await broken;
        Assert.Single(world.Client.Told, line => line == "break 1");
        world.Stop();
    }

    [Fact]
    public async Task A_client_that_renews_but_never_acknowledges_loses_its_lease()
    {
        var world = new SessionWorld();
        world.Client.OnBreak = _ => new TaskCompletionSource<IReadOnlyList<Fid>>().Task;
        world.Start();
        await world.UntilAsync(() => world.Session.IsTrusted);
        var broken = world.On(() => world.ServerSession.BreakAsync(One));
        await world.UntilAsync(() => broken.IsCompleted, world.Settings.Lease * 2.5);
        Assert.Contains("trust lost", world.Client.Told);
        world.Stop();
    }

    [Fact]
    public async Task After_expiry_the_client_must_revalidate_even_if_its_first_attempt_was_cut_short()
    {
        var world = new SessionWorld();
        world.Start();
        await world.UntilAsync(() => world.Session.IsTrusted);
        world.Reachable = false;
        world.Wire.Cut();
        await world.UntilAsync(() => world.Server.Told.Contains("expired"));
        var held = new TaskCompletionSource();
        world.Client.Revalidate = () => held.Task;
        world.Client.Told.Clear();
        world.Reachable = true;
        await world.UntilAsync(() => world.Client.Told.Count == 1);
        world.Wire.Cut();
        held.SetResult();
        world.Client.Revalidate = () => Task.CompletedTask;
        await world.UntilAsync(() => world.Session.IsTrusted);
        Assert.Equal(["connected, not kept", "connected, not kept"], world.Client.Told);
        world.Stop();
    }

    [Fact]
    public async Task A_reply_prepared_before_expiry_never_reaches_the_client()
    {
        var world = new SessionWorld();
        var slow = new TaskCompletionSource<Reply>();
        var asked = 0;
        world.Server.Handler = (_, _) => ++asked == 1 ? slow.Task : Task.FromResult(new Reply { Detail = "fresh" });
        world.Start();
        await world.UntilAsync(() => world.Session.IsTrusted);
        var call = world.CallAsync(1);
        await world.UntilAsync(() => asked == 1);
        world.Reachable = false;
        world.Wire.Cut();
        await world.UntilAsync(() => world.Server.Told.Contains("expired"));
        world.Reachable = true;
        slow.SetResult(new Reply { Detail = "stale" });
        Assert.Equal("fresh", (await call.WaitAsync(TimeSpan.FromSeconds(30)).PumpAsync(world)).Detail);
        world.Stop();
    }

    [Fact]
    public async Task What_a_former_life_of_the_client_asked_is_not_answered_to_the_next_one()
    {
        var world = new SessionWorld();
        var slow = new TaskCompletionSource<Reply>();
        var mine = new TaskCompletionSource<Reply>();
        var asked = 0;
        world.Server.Handler = (_, _) => ++asked == 1 ? slow.Task : mine.Task;
        world.Start();
        await world.UntilAsync(() => world.Session.IsTrusted);
        _ = world.CallAsync(1);
        await world.UntilAsync(() => asked == 1);
        world.StartClientAgain();
        await world.UntilAsync(() => world.Session.IsTrusted);
        var call = world.CallAsync(2);
        await world.UntilAsync(() => asked == 2);
        slow.SetResult(new Reply { Detail = "to another question" });
        await world.AdvanceAsync(TimeSpan.FromSeconds(1));
        mine.SetResult(new Reply { Detail = "to this one" });
        Assert.Equal("to this one", (await call.WaitAsync(TimeSpan.FromSeconds(30)).PumpAsync(world)).Detail);
        world.Stop();
    }

    [Fact]
    public async Task After_a_restart_grace_lasts_until_every_remembered_client_is_back()
    {
        var world = new SessionWorld(("c1", 42));
        var held = new TaskCompletionSource();
        world.Client.Revalidate = () => held.Task;
        world.Start();
        var grace = world.Table.GraceAsync();
        await world.AdvanceAsync(TimeSpan.FromSeconds(3));
        Assert.False(grace.IsCompleted);
        held.SetResult();
        await world.UntilAsync(() => grace.IsCompleted, TimeSpan.FromSeconds(5));
        world.Stop();
    }

    [Fact]
    public async Task After_a_restart_grace_ends_with_the_lease_of_clients_that_stay_away()
    {
        var world = new SessionWorld(("c1", 42), ("c9", 5));
        world.Start();
        var grace = world.Table.GraceAsync();
        await world.AdvanceAsync(world.Settings.Lease * 0.9);
        Assert.False(grace.IsCompleted);
        await world.UntilAsync(() => grace.IsCompleted, world.Settings.Lease * 0.2);
        world.Stop();
    }

    [Theory]
    [InlineData("not a batch", "no batch")]
    [InlineData("too large", "the largest is")]
    [InlineData("no hello", "does not begin with Hello")]
    [InlineData("not a batch, later", "no batch")]
    [InlineData("too large, later", "the largest is")]
    [InlineData("a server's word, later", "from a client")]
    public async Task A_malformed_or_oversized_batch_closes_that_session_alone_and_the_log_says_why(string kind, string why)
    {
        var world = new SessionWorld();
        var lines = new List<string>();
        world.Table.Log = lines.Add;
        world.Start();
        await world.UntilAsync(() => world.Session.IsTrusted);
        var bad = new MemoryWire("evil");
        var served = world.On(async () =>
        {
            await world.Table.ServeAsync(bad.Server);
            return 0;
        });
        if (kind.EndsWith("later", StringComparison.Ordinal))
        {
            await bad.Client.SendAsync(Encoded(new Message { Hello = new Hello { Protocol = 1, Role = SessionRole.Venus, Instance = 5 } }));
            Assert.NotNull(await bad.Client.ReceiveAsync());
        }

        await bad.Client.SendAsync(kind.Split(',')[0] switch
        {
            "not a batch" => new byte[] { 0xFF, 0xFF, 0xFF },
            "too large" => new byte[Limits.BatchBytes + 1],
            "no hello" => Encoded(new Message { Renew = new Renew() }),
            _ => Encoded(new Message { RenewAck = new RenewAck() }),
        });
        await world.UntilAsync(() => served.IsCompleted);
        while (await bad.Client.ReceiveAsync() is not null)
        {
        }

        Assert.Equal(1, world.Table.ProtocolFailures);
        Assert.Contains("evil", Assert.Single(lines), StringComparison.Ordinal);
        Assert.Contains(why, lines[0], StringComparison.Ordinal);
        await world.CallAsync(1).PumpAsync(world);
        Assert.Equal(1, world.Dials);
        world.Stop();
    }

    [Fact]
    public async Task A_call_nobody_answers_ends_with_its_deadline()
    {
        var world = new SessionWorld { Reachable = false };
        world.Start();
        var call = world.CallAsync(1);
        await world.UntilAsync(() => call.IsCompleted, world.Settings.CallDeadline * 1.2);
        Assert.Equal(AfsError.TimedOut, (await Assert.ThrowsAsync<AfsException>(() => call)).Error);
        world.Stop();
    }

    [Fact]
    public async Task An_interrupted_call_ends_at_once()
    {
        var world = new SessionWorld { Reachable = false };
        world.Start();
        using var cancel = new CancellationTokenSource();
        var call = world.On(() => world.Session.CallAsync(new Request { ListVolumes = new ListVolumesCall() }, cancel.Token));
        await cancel.CancelAsync();
        Assert.Equal(AfsError.Interrupted, (await Assert.ThrowsAsync<AfsException>(() => call)).Error);
        world.Stop();
    }

    private static byte[] Encoded(Message message) => Google.Protobuf.MessageExtensions.ToByteArray(new Batch { Messages = { message } });
}

internal static class Pump
{
    /// <summary>Moves the world's clock until the task is done.</summary>
    public static async Task<T> PumpAsync<T>(this Task<T> task, SessionWorld world)
    {
        await world.UntilAsync(() => task.IsCompleted);
        return await task;
    }
}

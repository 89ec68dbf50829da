using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;

namespace AfsLike.Tests.Sessions;

/// <summary>One stream each way, one writer: what waits while a batch is being written goes together, renewals before everything else.</summary>
public sealed class BatchTests
{
    private const int Waiting = 50;

    [Fact]
    public async Task Requests_that_wait_for_the_writer_travel_together_and_a_renewal_goes_before_them()
    {
        SlowWire? slow = null;
        var world = new SessionWorld { Through = wire => slow = new SlowWire(wire) };
        world.Start();
        await world.UntilAsync(() => world.Session.IsTrusted);
        slow!.Hold();
        var first = world.CallAsync(0);
        await world.UntilAsync(() => slow.IsHolding);
        var calls = Enumerable.Range(1, Waiting).Select(i => world.CallAsync((ulong)i)).ToArray();
        await world.AdvanceAsync(SessionSettings.RenewEveryOf(world.Settings.Lease));
        slow.Sent.Clear();
        slow.Release();
        await Task.WhenAll([first, .. calls]);
        var together = slow.Sent.First(static batch => batch.Messages.Count > 1).Messages;
        Assert.Equal(Message.BodyOneofCase.Renew, together[0].BodyCase);
        Assert.Equal(Waiting, together.Count(static message => message.BodyCase == Message.BodyOneofCase.Request));
        world.Stop();
    }
}

using AfsLike.Host.Bulk;

namespace AfsLike.Tests.Host;

public sealed class LanesTests
{
    private static readonly TimeSpan s_quick = TimeSpan.FromMilliseconds(80), s_middling = TimeSpan.FromSeconds(2), s_slow = TimeSpan.FromSeconds(9);

    private readonly Lanes _lanes = new();

    [Fact]
    public async Task Quick_transfers_make_room_for_more_at_once_and_slow_ones_for_fewer()
    {
        await RunAsync(100, s_quick);
        Assert.Equal(Lanes.Most, await FreeAsync());
        await RunAsync(100, s_middling);
        Assert.Equal(Lanes.Most, await FreeAsync());
        await RunAsync(100, s_slow);
        Assert.Equal(Lanes.Least, await FreeAsync());
    }

    [Fact]
    public async Task A_failed_transfer_gives_its_lane_back()
    {
        await RunAsync(100, null);
        Assert.Equal(Lanes.Least, await FreeAsync());
    }

    private async Task RunAsync(int count, TimeSpan? took)
    {
        for (var i = 0; i < count; i++)
        {
            var entering = _lanes.EnterAsync(CancellationToken.None);
            Assert.True(entering.IsCompleted, "no lane is free");
            await entering;
            _lanes.Leave(took);
        }
    }

    /// <summary>How many can be entered at once. Leaves them again, neither quickly nor slowly.</summary>
    private async Task<int> FreeAsync()
    {
        var entered = 0;
        for (var entering = _lanes.EnterAsync(CancellationToken.None); entering.IsCompleted; entering = _lanes.EnterAsync(CancellationToken.None))
        {
            entered++;
        }

        for (var i = 0; i <= entered; i++) // and the one that waited
        {
            _lanes.Leave(s_middling);
        }

        await Task.CompletedTask;
        return entered;
    }
}

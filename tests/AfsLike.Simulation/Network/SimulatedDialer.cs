using AfsLike.Common.Sessions;
using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Network;

/// <summary>A process' way to its server.</summary>
public sealed class SimulatedDialer(SimulatedNetwork network, SimulatedProcess client, Machine server) : IDialer
{
    public async Task<IMessageChannel> DialAsync(CancellationToken cancel)
    {
        var end = await network.ConnectAsync(client, server);
        if (cancel.IsCancellationRequested)
        {
            end?.Abandon();
            cancel.ThrowIfCancellationRequested();
        }

        return end ?? throw new ChannelClosedException($"cannot reach the server at {server.Name}");
    }
}

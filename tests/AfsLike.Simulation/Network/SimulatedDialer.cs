using AfsLike.Common.Sessions;
using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Network;

/// <summary>A process' way to its server.</summary>
public sealed class SimulatedDialer(SimulatedNetwork network, SimulatedProcess client, Machine server) : IDialer
{
    /// <summary>Somebody in between, who may read and change what goes over the connection.</summary>
    public Func<IMessageChannel, IMessageChannel>? Between { get; set; }

    /// <summary>A server that is away is dialled thousands of times in a run: the failure is thrown only where it is awaited.</summary>
    public Task<IMessageChannel> DialAsync(CancellationToken cancel)
    {
        var done = new TaskCompletionSource<IMessageChannel>();
        DialAsync(done, cancel);
        return done.Task;
    }

    private async void DialAsync(TaskCompletionSource<IMessageChannel> done, CancellationToken cancel)
    {
        var end = await network.ConnectAsync(client, server);
        if (cancel.IsCancellationRequested)
        {
            end?.Abandon();
            done.SetCanceled(cancel);
        }
        else if (end is null)
        {
            done.SetException(new ChannelClosedException($"cannot reach the server at {server.Name}"));
        }
        else
        {
            done.SetResult(Between?.Invoke(end) ?? end);
        }
    }
}

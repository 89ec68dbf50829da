using AfsLike.Common.Sessions;
using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Network;

/// <summary>A server's port: what its process does with those who connect.</summary>
/// <param name="accept">Gets the server's end of each new connection, in a step of the world.</param>
/// <param name="bulk">Serves chunks.</param>
public sealed class Listener(SimulatedProcess process, Action<IMessageChannel> accept, IBulkService bulk)
{
    private readonly LinkedList<Action> _lost = new();

    public SimulatedProcess Process { get; } = process;

    public Action<IMessageChannel> Accept { get; } = accept;

    /// <summary>Serves one transfer.</summary>
    /// <param name="lost">Called when the process is killed meanwhile.</param>
    public async Task<T> ServeAsync<T>(Func<IBulkService, Task<T>> work, Action lost)
    {
        var place = _lost.AddLast(lost);
        try
        {
            return await work(bulk);
        }
        finally
        {
            place.List?.Remove(place);
        }
    }

    internal void Close()
    {
        foreach (var lost in _lost.ToArray())
        {
            lost();
        }

        _lost.Clear();
    }
}

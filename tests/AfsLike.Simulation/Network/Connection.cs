using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Network;

/// <summary>One connection between two processes.</summary>
public sealed class Connection
{
    /// <param name="losesOnEnd">An end that closes has what it sent last thrown away, as HTTP/2 does with a stream that is reset; else it arrives first.</param>
    internal Connection(Simulator simulator, SimulatedNetwork network, SimulatedProcess client, SimulatedProcess server, bool losesOnEnd)
    {
        Client = new ConnectionEnd(simulator, network, client, server, losesOnEnd);
        Server = new ConnectionEnd(simulator, network, server, client, losesOnEnd);
        (Client.Other, Server.Other) = (Server, Client);
    }

    internal ConnectionEnd Client { get; }

    internal ConnectionEnd Server { get; }

    public bool HasEnded => Client.HasEnded && Server.HasEnded;

    public bool Has(SimulatedProcess process) => Client.Owner == process || Server.Owner == process;

    /// <summary>One of its processes is dead.</summary>
    public void Abandon(SimulatedProcess process) => (Client.Owner == process ? Client : Server).Abandon();

    public bool IsBetween(Machine one, Machine other) =>
        (Client.Machine == one && Server.Machine == other) || (Client.Machine == other && Server.Machine == one);

    /// <summary>Both ends see that it is over. What was under way is lost.</summary>
    public void Break()
    {
        Client.Break();
        Server.Break();
    }
}

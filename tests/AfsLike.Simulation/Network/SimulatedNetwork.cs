using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Network;

/// <summary>
/// What lies between the machines, below the codec: whole messages of bytes on connections, and bulk transfers beside them over the same links.
/// <para>
/// A connection is TCP's: in order, nothing lost while it lives. Messages of different connections overtake one another. A link that is cut carries nothing
/// and tells nobody: what is under way waits, as if it were sent again and again, until the link is healed or an end of the connection gives up. A connection that
/// is broken ends at both ends, and what was under way is lost, as is what a killed process had not sent. A machine without power answers nothing; once it is up
/// again it answers what belongs to a former connection by ending that.
/// </para>
/// </summary>
public sealed class SimulatedNetwork(Simulator simulator)
{
    /// <summary>How long an attempt to connect may take; SessionDialer's own limit.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(3);

    private readonly SeededRandom _chance = simulator.Chance.Fork("network");
    private readonly SortedDictionary<(int From, int To), Link> _links = [];
    private readonly List<(Link Link, Action Arrive)> _held = [];
    private readonly SortedDictionary<int, Listener> _listeners = [];
    private readonly List<Connection> _connections = [];

    /// <summary>Connections that stand now, the oldest first.</summary>
    public IReadOnlyList<Connection> Connections
    {
        get
        {
            _connections.RemoveAll(static connection => connection.HasEnded);
            return _connections;
        }
    }

    public Link Link(Machine from, Machine to)
    {
        if (!_links.TryGetValue((from.Number, to.Number), out var link))
        {
            link = new Link(from, to, _chance.Fork($"link {from.Number} {to.Number}"));
            _links.Add((from.Number, to.Number), link);
        }

        return link;
    }

    /// <summary>Something may get through that did not before: a link was healed, a machine resumed.</summary>
    public void Healed()
    {
        var held = _held.ToArray();
        _held.Clear();
        foreach (var (link, arrive) in held)
        {
            Carry(link, 0, arrive);
        }
    }

    /// <summary>Accepts connections to the process' machine from now on, as long as it lives.</summary>
    public void Listen(Listener listener) => _listeners[listener.Process.Machine.Number] = listener;

    /// <summary>A process was killed: its machine, if that still runs, closes what it had open.</summary>
    public void Closed(SimulatedProcess process)
    {
        if (_listeners.TryGetValue(process.Machine.Number, out var listener) && listener.Process == process)
        {
            _listeners.Remove(process.Machine.Number);
            listener.Close();
        }

        foreach (var connection in Connections.Where(connection => connection.Has(process)).ToArray())
        {
            connection.Abandon(process);
        }
    }

    /// <summary>Null when nothing listens there.</summary>
    internal Listener? ListenerOf(Machine machine) => machine.IsOn ? _listeners.GetValueOrDefault(machine.Number) : null;

    /// <summary>Has something happen at the other end of a link when so many bytes have come there.</summary>
    internal void Carry(Link link, int bytes, Action arrive) => simulator.After(new TimeSpan(link.Delay(bytes) / 100), () =>
    {
        if (link.IsBlocked)
        {
            _held.Add((link, arrive));
        }
        else
        {
            arrive();
        }
    });

    /// <summary>
    /// Connects a process to the server of another machine. Completes with the client's end, or null: refused, or nothing came back in time. Takes the three
    /// round trips of TCP and TLS.
    /// </summary>
    internal Task<ConnectionEnd?> ConnectAsync(SimulatedProcess client, Machine server)
    {
        var done = new TaskCompletionSource<ConnectionEnd?>();
        var there = Link(client.Machine, server);
        var back = Link(server, client.Machine);
        simulator.After(ConnectTimeout, () => done.TrySetResult(null));
        Carry(there, 0, () => Carry(back, 0, () => Carry(there, 0, () =>
        {
            if (done.Task.IsCompleted || client.IsDead)
            {
                return;
            }

            if (ListenerOf(server) is not { } listener)
            {
                Refuse(server, back, done);
                return;
            }

            var connection = new Connection(simulator, this, client, listener.Process, _chance.OneIn(2));
            _connections.Add(connection);
            listener.Accept(connection.Server);
            Carry(back, 0, () =>
            {
                if (!done.TrySetResult(connection.Client))
                {
                    connection.Client.Abandon();
                }
            });
        })));
        return done.Task;
    }

    private void Refuse(Machine server, Link back, TaskCompletionSource<ConnectionEnd?> done)
    {
        if (server.IsOn)
        {
            Carry(back, 0, () => done.TrySetResult(null));
        }
    }
}

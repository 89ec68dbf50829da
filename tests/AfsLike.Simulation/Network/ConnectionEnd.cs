using AfsLike.Common.Sessions;
using AfsLike.Simulation.World;

namespace AfsLike.Simulation.Network;

/// <summary>One process' end of a connection. Bytes count against the window from when they are sent until the other process takes them.</summary>
internal sealed class ConnectionEnd : IMessageChannel
{
    /// <summary>Bytes that may be under way one way, as the HTTP/2 windows of the real transport have it.</summary>
    private const int Window = 4 * 1024 * 1024;

    private readonly Simulator _simulator;
    private readonly SimulatedNetwork _network;
    private readonly SimulatedProcess _owner;
    private readonly Link _link;
    private readonly bool _losesOnEnd;
    private readonly Queue<ReadOnlyMemory<byte>?> _underWay = new();
    private readonly Queue<ReadOnlyMemory<byte>> _arrived = new();
    private TaskCompletionSource<ReadOnlyMemory<byte>?>? _receiver;
    private TaskCompletionSource? _sender;
    private int _window;
    private bool _closed;

    public ConnectionEnd(Simulator simulator, SimulatedNetwork network, SimulatedProcess owner, SimulatedProcess peer, bool losesOnEnd)
    {
        _simulator = simulator;
        _network = network;
        _owner = owner;
        _link = network.Link(owner.Machine, peer.Machine);
        _losesOnEnd = losesOnEnd;
        PeerHost = peer.Machine.Name;
    }

    public string PeerHost { get; }

    public SimulatedProcess Owner => _owner;

    public Machine Machine => _owner.Machine;

    public ConnectionEnd Other { get; set; } = null!;

    /// <summary>Nothing comes or goes here any more.</summary>
    public bool HasEnded { get; private set; }

    public Task SendAsync(ReadOnlyMemory<byte> message)
    {
        if (HasEnded)
        {
            throw new ChannelClosedException("the connection has ended");
        }

        _window += message.Length;
        Push(message);
        if (_window <= Window)
        {
            return Task.CompletedTask;
        }

        _sender = new TaskCompletionSource();
        return _sender.Task;
    }

    public Task<ReadOnlyMemory<byte>?> ReceiveAsync()
    {
        if (_arrived.TryDequeue(out var message))
        {
            Other.Taken(message.Length);
            return Task.FromResult<ReadOnlyMemory<byte>?>(message);
        }

        if (HasEnded)
        {
            return Task.FromResult<ReadOnlyMemory<byte>?>(null);
        }

        _receiver = new TaskCompletionSource<ReadOnlyMemory<byte>?>();
        return _receiver.Task;
    }

    public ValueTask DisposeAsync()
    {
        Abandon();
        return ValueTask.CompletedTask;
    }

    /// <summary>This side is done with it, or dead. The other one hears of it when that gets through.</summary>
    public void Abandon()
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        if (_losesOnEnd)
        {
            _underWay.Clear();
        }

        if (Machine.IsOn)
        {
            Push(null);
        }
        else
        {
            _underWay.Clear(); // a machine without power sends nothing, and what it sent last may be anywhere
        }

        End();
    }

    public void Break()
    {
        _underWay.Clear();
        Other._underWay.Clear();
        _closed = true;
        End();
    }

    private void Push(ReadOnlyMemory<byte>? message)
    {
        _underWay.Enqueue(message);
        _network.Carry(_link, message?.Length ?? 0, Arrive);
    }

    /// <summary>The first of what is under way arrives: one arrival was set off for each, so all do, in order.</summary>
    private void Arrive()
    {
        if (!_underWay.TryDequeue(out var next))
        {
            return; // it was lost
        }

        if (Other._closed)
        {
            if (next is not null && Other.Machine.IsOn && !HasEnded)
            {
                _network.Carry(Other._link, 0, End); // a reset: nobody there knows this connection
            }

            return;
        }

        if (next is { } message)
        {
            _simulator.Trace.Message(_simulator.Now, _link.From, _link.To, message);
            Other.Deliver(message);
        }
        else
        {
            Other.End();
        }
    }

    private void Deliver(ReadOnlyMemory<byte> message)
    {
        if (_receiver is { } waiting)
        {
            _receiver = null;
            Other.Taken(message.Length);
            waiting.SetResult(message);
        }
        else
        {
            _arrived.Enqueue(message);
        }
    }

    private void Taken(int bytes)
    {
        _window -= bytes;
        if (_window <= Window && _sender is { } waiting)
        {
            _sender = null;
            waiting.SetResult();
        }
    }

    private void End()
    {
        if (HasEnded)
        {
            return;
        }

        HasEnded = true;
        if (_closed)
        {
            _arrived.Clear();
        }

        var (receiver, sender) = (_receiver, _sender);
        (_receiver, _sender) = (null, null);
        receiver?.SetResult(null);
        sender?.SetException(new ChannelClosedException("the connection has ended"));
    }
}

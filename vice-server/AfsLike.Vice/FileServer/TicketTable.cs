using AfsLike.Common.Model;
using AfsLike.Vice.Admin;
using AfsLike.Vice.Login;
using AfsLike.Vice.Volumes;

namespace AfsLike.Vice.FileServer;

/// <summary>
/// All tickets. One not used for <see cref="Idle"/> is released, and the one longest unused when a client has more than
/// <see cref="PerClient"/>. A server that starts anew knows none: a reader fetches again, a writer begins its store again.
/// </summary>
public sealed class TicketTable(FillRandom random, TimeProvider time)
{
    public const int PerClient = 1024;

    public static readonly TimeSpan Idle = TimeSpan.FromMinutes(10);

    private readonly Dictionary<UInt128, LinkedListNode<Ticket>> _byId = [];
    private readonly LinkedList<Ticket> _byUse = new();
    private readonly Dictionary<Callbacks.Holder, int> _counts = [];

    public int Count => _byId.Count;

    public ReadOnlySpan<byte> ForReading(Client client, Volume volume, IReadOnlyList<Chunk> chunks) =>
        Add(new Ticket(NewId(), client.Holder, client.Session.Host, volume) { Readable = ById(chunks) }).Id.Span;

    /// <param name="present">The chunks of the version to be replaced, which the new one may keep.</param>
    /// <param name="reserved">Ids for new ones.</param>
    public Ticket ForStoring(Client client, Volume volume, Fid file, IReadOnlyList<Chunk> present, IReadOnlyList<ulong> reserved) =>
        Add(new Ticket(NewId(), client.Holder, client.Session.Host, volume)
        {
            Storing = file,
            Readable = ById(present),
            Reserved = reserved.ToHashSet(),
        });

    /// <summary>The ticket, used now; null when it does not exist (any more) or was not made for this host.</summary>
    public Ticket? Find(ReadOnlySpan<byte> id, string host)
    {
        if (id.Length != Ticket.Size || !_byId.TryGetValue(Key(id), out var node) || node.Value.Host != host)
        {
            return null;
        }

        node.Value.LastUse = time.Steady();
        _byUse.Remove(node);
        _byUse.AddLast(node);
        return node.Value;
    }

    public void Release(Ticket ticket)
    {
        if (_byId.Remove(Key(ticket.Id.Span), out var node))
        {
            _byUse.Remove(node);
            ticket.Volume.UnpinChunks(ticket.Chunks);
            if (--_counts[ticket.Holder] == 0)
            {
                _counts.Remove(ticket.Holder);
            }
        }
    }

    /// <summary>Those of a host that has nothing to look for in a volume any more.</summary>
    public void Release(string host, Volume volume)
    {
        foreach (var ticket in _byUse.Where(ticket => ticket.Host == host && ticket.Volume == volume).ToList())
        {
            Release(ticket);
        }
    }

    /// <summary>Lets go of those that nobody has used for long. Called with every new ticket, and now and then.</summary>
    public void Sweep()
    {
        var before = time.Steady() - Idle;
        while (_byUse.First is { } oldest && oldest.Value.LastUse < before)
        {
            Release(oldest.Value);
        }
    }

    private static Dictionary<ulong, Chunk> ById(IReadOnlyList<Chunk> chunks)
    {
        var byId = new Dictionary<ulong, Chunk>(chunks.Count);
        foreach (var chunk in chunks.Where(chunk => chunk.Id != 0))
        {
            byId[chunk.Id] = chunk;
        }

        return byId;
    }

    private static UInt128 Key(ReadOnlySpan<byte> id) => System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(id);

    private byte[] NewId()
    {
        var id = new byte[Ticket.Size];
        random(id);
        return id;
    }

    private Ticket Add(Ticket ticket)
    {
        Sweep();
        if (_counts.GetValueOrDefault(ticket.Holder) >= PerClient)
        {
            Release(_byUse.First(known => known.Holder == ticket.Holder));
        }

        ticket.LastUse = time.Steady();
        ticket.Volume.PinChunks(ticket.Chunks);
        _byId.Add(Key(ticket.Id.Span), _byUse.AddLast(ticket));
        _counts[ticket.Holder] = _counts.GetValueOrDefault(ticket.Holder) + 1;
        return ticket;
    }
}

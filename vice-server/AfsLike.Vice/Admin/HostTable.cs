using System.Text;
using AfsLike.Common.Sessions;
using AfsLike.Common.Wire;

namespace AfsLike.Vice.Admin;

/// <summary>The machines that ever had a session with this server: "Ch" + name in the store, all of them in memory.</summary>
public sealed class HostTable
{
    private readonly CellStore _store;
    private readonly TimeProvider _time;
    private readonly SortedDictionary<string, HostRecord> _hosts = new(StringComparer.Ordinal);

    private HostTable(CellStore store, TimeProvider time)
    {
        _store = store;
        _time = time;
    }

    public static HostTable Load(CellStore store, TimeProvider time)
    {
        var table = new HostTable(store, time);
        foreach (var (_, value) in store.Scan("Ch"u8))
        {
            var host = CellRecord.Decode(value, "a host", static reader =>
                new HostRecord(reader.ReadString(), reader.ReadString(), reader.ReadUInt32(), reader.ReadInt64()));
            table._hosts[host.Name] = host;
        }

        return table;
    }

    public bool Knows(string name) => _hosts.ContainsKey(name);

    /// <summary>A machine has got a certificate. Durable when it completes: from then on nobody else gets one of its name.</summary>
    public Task EnrolAsync(string name)
    {
        _hosts.TryAdd(name, new HostRecord(name, "", 0, _time.Nanoseconds()));
        return _store.CommitAsync([Entry(_hosts[name])]);
    }

    /// <summary>Notes that a machine is here; returns the record to store.</summary>
    public (byte[] Key, byte[]? Value) See(ServerSession session)
    {
        var host = new HostRecord(session.Host, session.System, session.Processors, _time.Nanoseconds());
        _hosts[host.Name] = host;
        return Entry(host);
    }

    /// <summary>Notes when a machine was last here. What is lost of that in a crash does no harm.</summary>
    public Task PartAsync(string name)
    {
        if (!_hosts.TryGetValue(name, out var host))
        {
            return Task.CompletedTask;
        }

        _hosts[name] = host with { LastSeen = _time.Nanoseconds() };
        return _store.CommitAsync([Entry(_hosts[name])]);
    }

    /// <summary>All hosts by name; those with a session that stands are seen now.</summary>
    public IEnumerable<WireHost> List(IEnumerable<ServerSession> sessions)
    {
        var alive = sessions.Where(session => session.IsConnected && session.IsLeaseLive)
            .Select(session => (session.Host, session.Role)).ToHashSet();
        return _hosts.Values.Select(host =>
        {
            var venus = alive.Contains((host.Name, SessionRole.Venus));
            var butler = alive.Contains((host.Name, SessionRole.Butler));
            return new WireHost
            {
                Name = host.Name,
                Venus = venus,
                Butler = butler,
                System = host.System,
                Processors = host.Processors,
                LastSeen = venus || butler ? _time.Nanoseconds() : host.LastSeen,
            };
        });
    }

    private static (byte[] Key, byte[]? Value) Entry(HostRecord host) => (
        [.. "Ch"u8, .. Encoding.UTF8.GetBytes(host.Name)],
        CellRecord.Encode(writer =>
        {
            writer.Write(host.Name);
            writer.Write(host.System);
            writer.Write(host.Processors);
            writer.Write(host.LastSeen);
        }));
}

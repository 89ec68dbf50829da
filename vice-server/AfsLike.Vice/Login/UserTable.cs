using System.Buffers.Binary;
using AfsLike.Common.Model;
using AfsLike.Vice.Admin;

namespace AfsLike.Vice.Login;

/// <summary>A user of the cell.</summary>
public sealed record User(UserId Id, string Name, bool Administrator);

/// <summary>
/// The users of the cell: all in memory, each a record "Cu" + number (big-endian) in the store. A change is visible when it is durable.
/// </summary>
public sealed class UserTable
{
    /// <summary>Users a cell may have.</summary>
    public const int MostUsers = 100_000;

    private readonly CellStore _store;
    private readonly SortedDictionary<UserId, Entry> _byId = [];
    private readonly Dictionary<string, UserId> _byName = new(StringComparer.Ordinal);
    private readonly HashSet<string> _beingMade = new(StringComparer.Ordinal);
    private uint _next = UserId.FirstAdministrator.Value;

    private UserTable(CellStore store)
    {
        _store = store;
    }

    public IEnumerable<User> All => _byId.Values.Select(entry => entry.User);

    /// <summary>Throws <see cref="AfsException"/> Corrupted when a record is damaged: then nobody's rights can be told.</summary>
    public static UserTable Load(CellStore store)
    {
        var table = new UserTable(store);
        foreach (var (_, value) in store.Scan("Cu"u8))
        {
            table.Add(CellRecord.Decode(value, "a user", Read));
        }

        return table;
    }

    public User? Find(UserId id) => _byId.GetValueOrDefault(id)?.User;

    public User? Find(string name) => _byName.TryGetValue(name, out var id) ? Find(id) : null;

    public PasswordRecord? Password(UserId id) => _byId.GetValueOrDefault(id)?.Password;

    /// <summary>[a-z_][a-z0-9_-]{0,31}. Throws <see cref="AfsException"/> InvalidArgument.</summary>
    public static void CheckName(string name)
    {
        var good = name.Length is >= 1 and <= 32 && (name[0] is >= 'a' and <= 'z' or '_')
            && name.All(letter => letter is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '_' or '-');
        if (!good)
        {
            throw new AfsException(
                AfsError.InvalidArgument, "a user's name has 1 to 32 of a-z, 0-9, '_' and '-', and begins with a letter or '_'");
        }
    }

    /// <summary>Throws <see cref="AfsException"/>: Exists, InvalidArgument for the name, TooMany.</summary>
    /// <param name="answer">Stored in the same batch under the operation that asked, when there is one.</param>
    public async Task<User> CreateAsync(
        string name, bool administrator, PasswordRecord password, Func<User, (byte[] Key, byte[] Value)?>? answer = null)
    {
        CheckName(name);
        if (_byName.ContainsKey(name) || !_beingMade.Add(name))
        {
            throw new AfsException(AfsError.Exists, $"user {name} exists");
        }

        try
        {
            if (_byId.Count + _beingMade.Count > MostUsers)
            {
                throw new AfsException(AfsError.TooMany, $"a cell may have {MostUsers} users");
            }

            var entry = new Entry(new User(new UserId(_next++), name, administrator), password);
            var puts = new List<(byte[] Key, byte[]? Value)> { (Key(entry.User.Id), Write(entry)) };
            if (answer?.Invoke(entry.User) is { } remembered)
            {
                puts.Add(remembered);
            }

            await _store.CommitAsync(puts);
            Add(entry);
            return entry.User;
        }
        finally
        {
            _beingMade.Remove(name);
        }
    }

    /// <summary>Throws <see cref="AfsException"/> UnknownUser.</summary>
    public async Task SetPasswordAsync(UserId id, PasswordRecord password)
    {
        var user = Find(id) ?? throw new AfsException(AfsError.UnknownUser, $"the cell has no user {id}");
        var entry = new Entry(user, password);
        await _store.CommitAsync([(Key(id), Write(entry))]);
        _byId[id] = entry;
    }

    private void Add(Entry entry)
    {
        _byId.Add(entry.User.Id, entry);
        _byName.Add(entry.User.Name, entry.User.Id);
        _next = Math.Max(_next, entry.User.Id.Value + 1);
    }

    private static byte[] Key(UserId id)
    {
        byte[] key = [.. "Cu"u8, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32BigEndian(key.AsSpan(2), id.Value);
        return key;
    }

    private static byte[] Write(Entry entry) => CellRecord.Encode(writer =>
    {
        writer.Write(entry.User.Id.Value);
        writer.Write(entry.User.Name);
        writer.Write(entry.User.Administrator);
        writer.Write(entry.Password.MemoryKiB);
        writer.Write(entry.Password.Passes);
        writer.Write(entry.Password.Salt);
        writer.Write(entry.Password.Hash);
    });

    private static Entry Read(BinaryReader reader) => new(
        new User(new UserId(reader.ReadUInt32()), reader.ReadString(), reader.ReadBoolean()),
        new PasswordRecord(
            reader.ReadInt32(), reader.ReadInt32(),
            reader.ReadBytes(PasswordRecord.SaltSize), reader.ReadBytes(PasswordRecord.HashSize)));

    private sealed record Entry(User User, PasswordRecord Password);
}

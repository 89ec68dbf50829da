using System.Buffers.Binary;
using System.Security.Cryptography;
using AfsLike.Common.Model;
using AfsLike.Vice.Protection;

namespace AfsLike.Vice.Login;

/// <summary>
/// The users a session speaks for: a token is verified once and then named by a slot. The number is made from the token (the first four bytes of
/// its SHA-256), so that the same token has the same slot after a restart of the server, and a request sent again before its user was
/// bound again finds no slot rather than somebody else's.
/// </summary>
public sealed class UserSlots
{
    /// <summary>Slots of one session; one more takes the place of the one unused for longest.</summary>
    public const int Most = 1024;

    /// <summary>Users whose rights a client is told beside the caller's.</summary>
    public const int MostTold = 16;

    private readonly Dictionary<uint, Slot> _slots = [];
    private ulong _uses;

    /// <summary>Slots bound now.</summary>
    public int Count => _slots.Count;

    public uint Bind(ReadOnlySpan<byte> token, Token verified, Principal principal)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(token, hash);
        var number = BinaryPrimitives.ReadUInt32LittleEndian(hash);
        var name = Convert.ToHexString(hash);
        while (number == 0 || (_slots.TryGetValue(number, out var taken) && taken.Name != name))
        {
            number++;
        }

        if (!_slots.ContainsKey(number) && _slots.Count == Most)
        {
            _slots.Remove(_slots.MinBy(static slot => slot.Value.LastUse).Key);
        }

        _slots[number] = new Slot(name, principal, verified.Expires) { LastUse = ++_uses };
        return number;
    }

    /// <summary>The client has a new token for the user of this slot and is done with it. Ignored for a slot of anybody else.</summary>
    public void Release(uint number, UserId user)
    {
        if (_slots.TryGetValue(number, out var slot) && slot.Principal.User == user)
        {
            _slots.Remove(number);
        }
    }

    /// <summary>Throws <see cref="AfsException"/> NoToken for a slot that is not bound or whose token has expired.</summary>
    public Principal Resolve(uint number, long now)
    {
        if (number == 0)
        {
            return Principal.Anyone;
        }

        if (!_slots.TryGetValue(number, out var slot))
        {
            throw new AfsException(AfsError.NoToken, $"user slot {number} is not bound in this session; bind the token again");
        }

        slot.LastUse = ++_uses;
        return now < slot.Expires
            ? slot.Principal
            : throw new AfsException(AfsError.NoToken, "the token has expired; log in again (afsx login)");
    }

    /// <summary>Users bound now whose tokens are good, but for one; <see cref="MostTold"/> at most.</summary>
    public IReadOnlyList<Principal> Others(UserId but, long now) => _slots.Count < 2
        ? []
        : [.. _slots.Values.Where(slot => now < slot.Expires && slot.Principal.User != but).Select(static slot => slot.Principal).Distinct().Take(MostTold)];

    private sealed record Slot(string Name, Principal Principal, long Expires)
    {
        public ulong LastUse { get; set; }
    }
}

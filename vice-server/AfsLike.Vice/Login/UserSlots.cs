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
    /// <summary>Users of one session; one more takes the place of the one bound longest ago.</summary>
    public const int Most = 1024;

    private readonly Dictionary<uint, Slot> _slots = [];
    private readonly Queue<uint> _byAge = new();

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

        if (!_slots.ContainsKey(number))
        {
            if (_slots.Count == Most)
            {
                _slots.Remove(_byAge.Dequeue());
            }

            _byAge.Enqueue(number);
        }

        _slots[number] = new Slot(name, principal, verified.Expires);
        return number;
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

        return now < slot.Expires
            ? slot.Principal
            : throw new AfsException(AfsError.NoToken, "the token has expired; log in again (afsx login)");
    }

    private sealed record Slot(string Name, Principal Principal, long Expires);
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using AfsLike.Common.Model;
using AfsLike.Vice.Login;

namespace AfsLike.Vice.Admin;

/// <summary>
/// Makes and checks the secrets of join tokens without a record of them: a secret is base64url of
/// <code>expires i64 (nanoseconds since 1970, big-endian)  nonce 8 bytes  HMAC-SHA256 over "AfsLike invite" and the sixteen bytes</code>
/// under a key that only the server's directory holds. So `vice-server invite` needs neither the locked store nor the running server, and one
/// secret enrols as many machines as use it in its time, under names the cell does not know yet. One that is made for a host signs its name too, and is good for that name alone, known or not. Nobody can take one back before then: keep the minutes short.
/// </summary>
public sealed class InviteKey(byte[] key)
{
    public const int KeySize = 32;

    public static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    public static readonly TimeSpan Default = TimeSpan.FromMinutes(60);

    private const int Size = 16 + HMACSHA256.HashSizeInBytes;

    /// <param name="host">Null: for any machine that is new to the cell.</param>
    public (string Secret, long Expires) Make(TimeSpan validity, long now, FillRandom random, string? host = null)
    {
        if (validity <= TimeSpan.Zero || validity > Longest)
        {
            throw new AfsException(AfsError.InvalidArgument, $"an invitation is good for 1 to {(int)Longest.TotalMinutes} minutes");
        }

        var expires = now + validity.Nanoseconds();
        var bytes = new byte[Size];
        BinaryPrimitives.WriteInt64BigEndian(bytes, expires);
        random(bytes.AsSpan(8, 8));
        Sign(bytes.AsSpan(0, 16), host, bytes.AsSpan(16));
        return (Base64Url(bytes), expires);
    }

    /// <summary>Whether it was made for this host by name, and not for whichever is new. Throws <see cref="AfsException"/> AccessDenied for a secret that is false, was made for another host, or has run out.</summary>
    public bool IsFor(string host, string secret, long now)
    {
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (Bytes(secret) is not { Length: Size } bytes)
        {
            throw False();
        }

        Sign(bytes.AsSpan(0, 16), host, expected);
        var named = CryptographicOperations.FixedTimeEquals(expected, bytes.AsSpan(16));
        Sign(bytes.AsSpan(0, 16), null, expected);
        if (!named && !CryptographicOperations.FixedTimeEquals(expected, bytes.AsSpan(16)))
        {
            throw False();
        }

        if (now >= BinaryPrimitives.ReadInt64BigEndian(bytes))
        {
            throw new AfsException(AfsError.AccessDenied, "the join token has run out; ask for a new one (vice-server invite)");
        }

        return named;
    }

    private static AfsException False() => new(AfsError.AccessDenied, "the join token is not of this cell, or of another host; ask for a new one (vice-server invite)");

    private static string Base64Url(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static byte[]? Bytes(string secret)
    {
        var text = secret.Replace('-', '+').Replace('_', '/');
        var bytes = new byte[Size + 3];
        return secret.Length <= 128 && Convert.TryFromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='), bytes, out var length)
            ? bytes[..length]
            : null;
    }

    private void Sign(ReadOnlySpan<byte> said, string? host, Span<byte> signature)
    {
        byte[] message = [.. "AfsLike invite"u8, .. said, .. host is null ? [] : Encoding.UTF8.GetBytes(host)];
        HMACSHA256.HashData(key, message, signature);
    }
}

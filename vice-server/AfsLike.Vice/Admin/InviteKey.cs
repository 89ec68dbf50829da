using System.Buffers.Binary;
using System.Security.Cryptography;
using AfsLike.Common.Model;
using AfsLike.Vice.Login;

namespace AfsLike.Vice.Admin;

/// <summary>
/// Makes and checks the secrets of join tokens without a record of them: a secret is base64url of
/// <code>expires i64 (nanoseconds since 1970, big-endian)  nonce 8 bytes  HMAC-SHA256 over "AfsLike invite" and the sixteen bytes</code>
/// under a key that only the server's directory holds. So `vice-server invite` needs neither the locked store nor the running server, and one
/// secret enrols as many machines as use it in its time. Nobody can take one back before then: keep the minutes short.
/// </summary>
public sealed class InviteKey(byte[] key)
{
    public const int KeySize = 32;

    public static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    public static readonly TimeSpan Default = TimeSpan.FromMinutes(60);

    private const int Size = 16 + HMACSHA256.HashSizeInBytes;

    public (string Secret, long Expires) Make(TimeSpan validity, long now, FillRandom random)
    {
        if (validity <= TimeSpan.Zero || validity > Longest)
        {
            throw new AfsException(AfsError.InvalidArgument, $"an invitation is good for 1 to {(int)Longest.TotalMinutes} minutes");
        }

        var expires = now + validity.Nanoseconds();
        var bytes = new byte[Size];
        BinaryPrimitives.WriteInt64BigEndian(bytes, expires);
        random(bytes.AsSpan(8, 8));
        Sign(bytes.AsSpan(0, 16), bytes.AsSpan(16));
        return (Base64Url(bytes), expires);
    }

    /// <summary>Throws <see cref="AfsException"/> AccessDenied for a secret that is false or has run out.</summary>
    public void Check(string secret, long now)
    {
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (Bytes(secret) is not { Length: Size } bytes)
        {
            throw False();
        }

        Sign(bytes.AsSpan(0, 16), expected);
        if (!CryptographicOperations.FixedTimeEquals(expected, bytes.AsSpan(16)))
        {
            throw False();
        }

        if (now >= BinaryPrimitives.ReadInt64BigEndian(bytes))
        {
            throw new AfsException(AfsError.AccessDenied, "the join token has run out; ask for a new one (vice-server invite)");
        }
    }

    private static AfsException False() => new(AfsError.AccessDenied, "the join token is not of this cell; ask for a new one (vice-server invite)");

    private static string Base64Url(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static byte[]? Bytes(string secret)
    {
        var text = secret.Replace('-', '+').Replace('_', '/');
        var bytes = new byte[Size + 3];
        return secret.Length <= 128 && Convert.TryFromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='), bytes, out var length)
            ? bytes[..length]
            : null;
    }

    private void Sign(ReadOnlySpan<byte> said, Span<byte> signature)
    {
        Span<byte> message = stackalloc byte[14 + 16];
        "AfsLike invite"u8.CopyTo(message);
        said.CopyTo(message[14..]);
        HMACSHA256.HashData(key, message, signature);
    }
}

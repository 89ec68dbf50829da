using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using AfsLike.Common.Model;

namespace AfsLike.Vice.Login;

/// <summary>
/// Signs and verifies tokens with the cell's ECDSA P-256 key. The bytes, little-endian:
/// <code>
/// "AFT1"  user u32  flags u8 (1 = administrator)  issued i64  expires i64
/// name: u8 length, bytes   job: u8 length, bytes   host: u8 length, bytes   (UTF-8)
/// signature: 64 bytes (r, s), ECDSA with SHA-256 over everything before it
/// </code>
/// Clients carry a token about; only servers look inside.
/// </summary>
public sealed class TokenKey(ECDsa key) : IDisposable
{
    /// <summary>No token is longer.</summary>
    public const int MaxSize = 1024;

    private const int SignatureSize = 64;
    private const int FixedSize = 4 + 4 + 1 + 8 + 8;

    /// <summary>Encodes and signs. Names longer than 255 bytes are InvalidArgument.</summary>
    public byte[] Sign(Token token)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write("AFT1"u8);
        writer.Write(token.User.Value);
        writer.Write((byte)(token.Administrator ? 1 : 0));
        writer.Write(token.Issued);
        writer.Write(token.Expires);
        WriteText(writer, token.Name);
        WriteText(writer, token.Job);
        WriteText(writer, token.Host);
        writer.Write(key.SignData(bytes.ToArray(), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
        return bytes.ToArray();
    }

    /// <summary>Throws <see cref="AfsException"/> NoToken for a token that is forged, cut short, expired, or limited to another host.</summary>
    public Token Verify(ReadOnlySpan<byte> bytes, long now, string host)
    {
        var token = Decode(bytes);
        if (now >= token.Expires)
        {
            throw new AfsException(AfsError.NoToken, "the token has expired; log in again (afsx login)");
        }

        if (token.Host.Length > 0 && token.Host != host)
        {
            throw new AfsException(AfsError.NoToken, $"the token is good on host {token.Host} only");
        }

        return token;
    }

    public void Dispose() => key.Dispose();

    private Token Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length is < FixedSize + 3 + SignatureSize or > MaxSize || !bytes[..4].SequenceEqual("AFT1"u8))
        {
            throw Forged();
        }

        var said = bytes[..^SignatureSize];
        if (!key.VerifyData(
            said, bytes[^SignatureSize..], HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation))
        {
            throw Forged();
        }

        var rest = said[FixedSize..];
        return new Token(
            new UserId(BinaryPrimitives.ReadUInt32LittleEndian(said[4..])),
            Administrator: said[8] == 1,
            Issued: BinaryPrimitives.ReadInt64LittleEndian(said[9..]),
            Expires: BinaryPrimitives.ReadInt64LittleEndian(said[17..]),
            Name: ReadText(ref rest),
            Job: ReadText(ref rest),
            Host: ReadText(ref rest));
    }

    private static AfsException Forged() => new(AfsError.NoToken, "the token does not verify; log in again (afsx login)");

    private static void WriteText(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length > byte.MaxValue)
        {
            throw new AfsException(AfsError.InvalidArgument, "a name in a token may have 255 bytes");
        }

        writer.Write((byte)bytes.Length);
        writer.Write(bytes);
    }

    private static string ReadText(ref ReadOnlySpan<byte> rest)
    {
        if (rest.IsEmpty || rest.Length < 1 + rest[0])
        {
            throw Forged();
        }

        var text = Encoding.UTF8.GetString(rest.Slice(1, rest[0]));
        rest = rest[(1 + rest[0])..];
        return text;
    }
}

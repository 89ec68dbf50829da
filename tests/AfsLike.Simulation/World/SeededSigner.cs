using System.IO.Hashing;
using System.Security.Cryptography;

namespace AfsLike.Simulation.World;

/// <summary>Stands for the cell's key, whose signatures are different each time: the token is what the protocol carries, and its bytes must be the same in each run.</summary>
internal sealed class SeededSigner : ECDsa
{
    private const int Size = 64;

    public override byte[] SignHash(byte[] hash) => Sign(hash);

    public override bool VerifyHash(byte[] hash, byte[] signature) => Sign(hash).AsSpan().SequenceEqual(signature);

    protected override byte[] SignDataCore(ReadOnlySpan<byte> data, HashAlgorithmName hashAlgorithm, DSASignatureFormat signatureFormat) => Sign(data);

    protected override bool VerifyDataCore(
        ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature, HashAlgorithmName hashAlgorithm, DSASignatureFormat signatureFormat) =>
        Sign(data).AsSpan().SequenceEqual(signature);

    private static byte[] Sign(ReadOnlySpan<byte> data)
    {
        var signature = new byte[Size];
        XxHash128.Hash(data, signature);
        return signature;
    }
}

using System.Text;
using AfsLike.Common.Model;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;

#pragma warning disable RS0030 // The adapter that carries the hash to the thread pool: 80 ms may not stand on the strand.

namespace AfsLike.Vice.Login;

/// <summary>Argon2id by BouncyCastle on the thread pool: <see cref="AtOnce"/> at once, <see cref="Waiting"/> waiting, the rest refused.</summary>
public sealed class Argon2PasswordHasher : IPasswordHasher, IDisposable
{
    /// <summary>Each needs its own 19 MiB and a core.</summary>
    public const int AtOnce = 2;

    public const int Waiting = 64;

    private readonly SemaphoreSlim _turn = new(AtOnce);
    private int _underWay;

    public async Task<byte[]> HashAsync(string password, byte[] salt, int memoryKiB, int passes)
    {
        if (Interlocked.Increment(ref _underWay) > AtOnce + Waiting)
        {
            Interlocked.Decrement(ref _underWay);
            throw new AfsException(AfsError.TooMany, "too many logins at once; try again in a few seconds");
        }

        try
        {
            await _turn.WaitAsync();
            try
            {
                return await Task.Run(() => Compute(password, salt, memoryKiB, passes));
            }
            finally
            {
                _turn.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    public void Dispose() => _turn.Dispose();

    private static byte[] Compute(string password, byte[] salt, int memoryKiB, int passes)
    {
        var generator = new Argon2BytesGenerator();
        generator.Init(new Argon2Parameters.Builder(Argon2Parameters.Argon2id)
            .WithVersion(Argon2Parameters.Version13)
            .WithMemoryAsKB(memoryKiB)
            .WithIterations(passes)
            .WithParallelism(1)
            .WithSalt(salt)
            .Build());
        var hash = new byte[PasswordRecord.HashSize];
        generator.GenerateBytes(Encoding.UTF8.GetBytes(password), hash);
        return hash;
    }
}

using System.IO.Hashing;
using System.Text;
using AfsLike.Vice.Login;

namespace AfsLike.Simulation.World;

/// <summary>Stands for Argon2id, which takes tens of milliseconds on purpose.</summary>
internal sealed class PlainHasher : IPasswordHasher
{
    public Task<byte[]> HashAsync(string password, byte[] salt, int memoryKiB, int passes)
    {
        byte[] salted = [.. salt, .. Encoding.UTF8.GetBytes(password)];
        return Task.FromResult<byte[]>([.. XxHash128.Hash(salted), .. XxHash128.Hash(salted, 1)]);
    }
}

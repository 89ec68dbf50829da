namespace AfsLike.Vice.Login;

/// <summary>Computes Argon2id away from the strand: it takes tens of milliseconds and megabytes on purpose.</summary>
public interface IPasswordHasher
{
    /// <summary>Throws <see cref="Common.Model.AfsException"/> TooMany when more wait than the machine can do in time.</summary>
    Task<byte[]> HashAsync(string password, byte[] salt, int memoryKiB, int passes);
}

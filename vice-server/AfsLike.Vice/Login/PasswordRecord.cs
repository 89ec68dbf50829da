namespace AfsLike.Vice.Login;

/// <summary>What is stored of a password. The cost is stored with it, so that it can be raised for new ones.</summary>
/// <param name="MemoryKiB">Argon2id m.</param>
/// <param name="Passes">Argon2id t.</param>
/// <param name="Salt">16 random bytes.</param>
/// <param name="Hash">32 bytes.</param>
public sealed record PasswordRecord(int MemoryKiB, int Passes, byte[] Salt, byte[] Hash)
{
    /// <summary>OWASP's first choice for Argon2id: 19 MiB, two passes, one lane. About 80 ms.</summary>
    public const int DefaultMemoryKiB = 19 * 1024;

    public const int DefaultPasses = 2;

    public const int SaltSize = 16;

    public const int HashSize = 32;

    /// <summary>Longest password, in bytes of UTF-8.</summary>
    public const int MaxPasswordBytes = 1024;
}

using System.Security.Cryptography;
using System.Text;
using AfsLike.Common.Model;
using AfsLike.Vice.Admin;

namespace AfsLike.Vice.Login;

/// <summary>Checks passwords and hands out tokens.</summary>
/// <param name="validity">Of the tokens: at most <see cref="Token.Longest"/>.</param>
public sealed class LoginDesk(
    UserTable users, TokenKey key, IPasswordHasher hasher, FillRandom random, TimeProvider time, TimeSpan? validity = null)
{
    /// <summary>A job's token outlives its user's by nothing and lives no longer than this.</summary>
    public static readonly TimeSpan JobTokenValidity = TimeSpan.FromHours(10);

    private readonly LoginGate _gate = new();
    private readonly TimeSpan _validity =
        validity is { } chosen ? (chosen < Token.Longest ? chosen : Token.Longest) : Token.Default;

    /// <summary>
    /// Throws <see cref="AfsException"/>: BadPassword, with the same words and after the same work whether the user exists or not;
    /// TooMany while this user at this host has to wait.
    /// </summary>
    public async Task<(byte[] Bytes, Token Token)> LoginAsync(string name, string password, string host)
    {
        CheckPassword(password);
        var shortName = name.Length <= 64 ? name : name[..64];
        _gate.Enter(shortName, host, time.Steady());
        var user = users.Find(name);
        var record = user is null ? Nobody : users.Password(user.Id)!;
        var hash = await hasher.HashAsync(password, record.Salt, record.MemoryKiB, record.Passes);
        if (!CryptographicOperations.FixedTimeEquals(hash, record.Hash) || user is null)
        {
            _gate.Failed(shortName, host, time.Steady());
            throw new AfsException(AfsError.BadPassword, "the user does not exist or the password is wrong");
        }

        _gate.Succeeded(shortName, host);
        var now = time.Nanoseconds();
        var token = new Token(user.Id, user.Name, user.Administrator, now, now + _validity.Nanoseconds(), "", "");
        return (key.Sign(token), token);
    }

    /// <summary>
    /// Who a token speaks for. Being an administrator is looked up, not believed. Throws <see cref="AfsException"/> NoToken also for a
    /// user that no longer exists.
    /// </summary>
    public (User User, Token Token) Verify(ReadOnlySpan<byte> bytes, string host)
    {
        var token = key.Verify(bytes, time.Nanoseconds(), host);
        var user = users.Find(token.User);
        return user is not null && user.Name == token.Name
            ? (user, token)
            : throw new AfsException(AfsError.NoToken, "the token's user no longer exists; log in again (afsx login)");
    }

    /// <summary>A token for one job on one host, for the user that <paramref name="parent"/> speaks for and no longer than it.</summary>
    public (byte[] Bytes, Token Token) Delegate(Token parent, string job, string host)
    {
        var now = time.Nanoseconds();
        var token = parent with
        {
            Issued = now,
            Expires = Math.Min(parent.Expires, now + JobTokenValidity.Nanoseconds()),
            Job = job,
            Host = host,
        };
        return (key.Sign(token), token);
    }

    /// <summary>Throws <see cref="AfsException"/> InvalidArgument for a password that is empty or too long.</summary>
    public async Task<PasswordRecord> MakeRecordAsync(string password)
    {
        CheckPassword(password);
        var salt = new byte[PasswordRecord.SaltSize];
        random(salt);
        var hash = await hasher.HashAsync(password, salt, PasswordRecord.DefaultMemoryKiB, PasswordRecord.DefaultPasses);
        return new PasswordRecord(PasswordRecord.DefaultMemoryKiB, PasswordRecord.DefaultPasses, salt, hash);
    }

    /// <summary>Checked in place of the record of a user that does not exist, so that it takes as long. No password has this hash.</summary>
    private static readonly PasswordRecord Nobody = new(
        PasswordRecord.DefaultMemoryKiB, PasswordRecord.DefaultPasses,
        new byte[PasswordRecord.SaltSize], new byte[PasswordRecord.HashSize]);

    private static void CheckPassword(string password)
    {
        if (password.Length == 0 || Encoding.UTF8.GetByteCount(password) > PasswordRecord.MaxPasswordBytes)
        {
            throw new AfsException(AfsError.InvalidArgument, $"a password has 1 to {PasswordRecord.MaxPasswordBytes} bytes");
        }
    }
}

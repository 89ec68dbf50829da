using AfsLike.Common.Model;

namespace AfsLike.Venus.Identity;

/// <summary>
/// A local uid that has shown a token, for as long as the token is the same user's. Handles keep the login they were opened under (RULES.md 9).
/// </summary>
/// <param name="Slot">What requests are made under; this host's own number, see <see cref="Servers.ViceServer"/>. 0 is anyuser.</param>
/// <param name="Expires">Nanoseconds since 1970.</param>
public sealed record Login(
    uint Uid, uint Gid, uint Slot, UserId User, string Name, bool Administrator, long Expires, ReadOnlyMemory<byte> Token)
{
    private const uint OverflowUid = 65534;

    private static readonly UnixCaller Nameless = new(OverflowUid, OverflowUid, []);

    /// <summary>Every uid without a token.</summary>
    public static readonly Login Nobody = new(uint.MaxValue, uint.MaxValue, 0, UserId.Anyone, SystemGroups.AnyUser, false, long.MaxValue, default);

    public bool IsNobody => Slot == 0;

    /// <summary>Who it is to this machine, which is what counts on a posix volume.</summary>
    public UnixCaller Unix { get; init; } = Nameless;
}

/// <summary>What survives a restart of a login: who shows which token. The server says the rest again when it is bound.</summary>
public sealed record StoredLogin(uint Uid, uint Gid, ReadOnlyMemory<byte> Token);

/// <summary>Keeps logins across restarts, where only root can read them.</summary>
public interface ILoginStore
{
    IReadOnlyList<StoredLogin> Load();

    void Save(IReadOnlyList<StoredLogin> logins);
}

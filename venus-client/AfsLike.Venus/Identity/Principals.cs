using AfsLike.Common.Model;

namespace AfsLike.Venus.Identity;

/// <summary>
/// Who is who on this host: uids that are logged in, the users they are, and how users are shown as uids. Pure but for the clock.
/// </summary>
public sealed class Principals(TimeProvider time)
{
    /// <summary>Users who are not logged in here are shown as this plus their number; their jobs run under the same uid.</summary>
    public const uint ForeignUids = 200_000;

    private readonly List<Login> _logins = []; // in the order of their logging in: the first one shows its uid
    private readonly List<Login> _former = [];
    private IReadOnlyList<Login>? _users;
    private uint _nextSlot = 1;

    public IReadOnlyList<Login> Logins => _logins;

    /// <summary>
    /// One login for each user active on this host, anyuser first. While all of them have the same rights on a directory the
    /// kernel may answer any of them from what it was told for one.
    /// </summary>
    public IReadOnlyList<Login> Users => _users ??= [Login.Nobody, .. _logins.DistinctBy(login => login.User)];

    /// <summary>Every login the server must know, those only open handles still use among them.</summary>
    public IEnumerable<Login> Bound => _logins.Concat(_former);

    public Login Of(uint uid) => Find(uid) is { } login && !IsOver(login) ? login : Login.Nobody;

    public Login? Find(uint uid) => _logins.Find(login => login.Uid == uid);

    public uint TakeSlot() => _nextSlot++;

    /// <summary>True when what the kernel was told may not hold for the host's users any more.</summary>
    public bool Put(Login login)
    {
        var before = Signature();
        var index = _logins.FindIndex(known => known.Uid == login.Uid);
        if (index < 0)
        {
            _logins.Add(login);
        }
        else
        {
            if (_logins[index].Slot != login.Slot)
            {
                _former.Add(_logins[index]);
            }

            _logins[index] = login;
        }

        return Changed(before);
    }

    /// <summary>As <see cref="Put"/>.</summary>
    public bool Remove(uint uid)
    {
        var before = Signature();
        var index = _logins.FindIndex(known => known.Uid == uid);
        if (index >= 0)
        {
            _former.Add(_logins[index]);
            _logins.RemoveAt(index);
        }

        return Changed(before);
    }

    /// <summary>Removes logins whose tokens have run out; true as for <see cref="Put"/>.</summary>
    public bool RemoveExpired()
    {
        var before = Signature();
        _logins.RemoveAll(IsOver);
        _former.RemoveAll(IsOver);
        return Changed(before);
    }

    public uint UidOf(UserId owner) => _logins.Find(login => login.User == owner)?.Uid ?? ForeignUids + owner.Value;

    public uint GidOf(UserId owner) => _logins.Find(login => login.User == owner)?.Gid ?? ForeignUids + owner.Value;

    /// <summary>The user a uid stands for, or null for a uid that means nobody here.</summary>
    public UserId? UserOf(uint uid) => Find(uid) is { } login ? login.User : uid >= ForeignUids ? new UserId(uid - ForeignUids) : null;

    public IReadOnlyList<StoredLogin> ToStore() => [.. _logins.Select(login => new StoredLogin(login.Uid, login.Gid, login.Token))];

    /// <summary>Nanoseconds since 1970.</summary>
    public long Now => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    /// <summary>Its token has run out: it is nobody's any more.</summary>
    public bool IsOver(Login login) => login.Expires <= Now;

    private bool Changed((uint, UserId)[] before)
    {
        _users = null;
        return !before.SequenceEqual(Signature());
    }

    /// <summary>All that answers depend on: who is active, and as what their files are shown.</summary>
    private (uint Uid, UserId User)[] Signature() => [.. _logins.DistinctBy(login => login.User).Select(login => (login.Uid, login.User))];
}

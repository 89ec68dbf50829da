using AfsLike.Common.Model;

namespace AfsLike.Venus.Callbacks;

public sealed record VnodeAttribute(ReadOnlyMemory<byte> Name, ReadOnlyMemory<byte> Value);

/// <summary>
/// What is known here about one vnode, and whether a promise stands behind it. All of it is covered by the one promise. A break takes
/// everything but three things: the highest version seen, so that an older status arriving late is recognised (RULES.md 7); a
/// directory's names, less those the break mentions; they wait for the status that says they are current; and the rights on a directory, if the break says that they are
/// the same and that the server will tell of the next change too.
/// </summary>
public sealed class VnodeKnowledge(Fid fid)
{
    /// <summary>Names told to the kernel that are remembered one by one.</summary>
    public const int MostTold = 256;

    private readonly SortedList<UserId, Rights> _rights = new(2);
    private HashSet<FileName>? _told = [];
    private DirectoryNames? _names;
    private bool _rightsStand;

    public Fid Fid { get; } = fid;

    /// <summary>The newest status seen; to be answered from only while <see cref="IsPromised"/>.</summary>
    public VnodeStatus? Status { get; private set; }

    /// <summary>The highest version a status or a break has named.</summary>
    public VolumeVersion Highest { get; private set; }

    public bool IsPromised { get; private set; }

    /// <summary>What is known of rights is as it was, whatever else has changed.</summary>
    public bool AreRightsPromised => IsPromised || _rightsStand;

    /// <summary>Mutations of this vnode that our own kernel is waiting for: its lock is held, and its names may be behind for a moment.</summary>
    public int OwnMutations { get; set; }

    /// <summary>Changes of it under way whose callers were interrupted: our own, so no break will tell when they are done.</summary>
    public int InDoubt { get; set; }

    /// <summary>Names of this directory that the server was asked about one by one, since its listing was last fetched.</summary>
    public int Questions { get; set; }

    /// <summary>Its listing is on its way, though nobody has asked for it.</summary>
    public bool IsFetchedAhead { get; set; }

    /// <summary>Timestamp until which the kernel is told nothing for good about this directory: it is write-shared (RULES.md 1).</summary>
    public long ContendedUntil { get; set; }

    /// <summary>All xattrs, or null when they have not been asked for.</summary>
    public IReadOnlyList<VnodeAttribute>? Attributes { get; set; }

    /// <summary>For the table's clock: used since it last came by.</summary>
    internal bool WasUsed { get; set; }

    /// <summary>The names, when they are those of the current data version.</summary>
    public DirectoryNames? Names => IsPromised && _names is { } names && names.Version == Status!.DataVersion ? names : null;

    /// <summary>Notes that the kernel may answer for a name of this directory until it is taken back.</summary>
    public void Tell(FileName name)
    {
        if (_told is { } told && told.Add(name) && told.Count > MostTold)
        {
            _told = null;
        }
    }

    /// <summary>
    /// The names the kernel may answer for, absent ones among them; null when there are more than <see cref="MostTold"/>. They are to be taken back,
    /// and are forgotten here.
    /// </summary>
    public IReadOnlyCollection<FileName>? TakeTold()
    {
        var told = _told;
        _told = [];
        return told;
    }

    /// <summary>Takes a status that came under a promise and that no break has overtaken. False when a newer one has been seen.</summary>
    public bool TryLearn(VnodeStatus status)
    {
        if (status.Version < Highest)
        {
            return false;
        }

        Highest = status.Version;
        Status = status;
        IsPromised = true;
        return true;
    }

    /// <summary>The vnode has been changed up to a version. What is known from before that is of the past, whether or not a break has said so.</summary>
    public void Disprove(VolumeVersion version)
    {
        if (version > Highest)
        {
            Highest = version;
            _rightsStand |= IsPromised; // who has changed the ACL through here breaks what is known, and of everybody else's changes a break tells
            IsPromised = false;
            Attributes = null;
        }
    }

    public Rights? RightsOf(UserId user) => _rights.TryGetValue(user, out var rights) ? rights : null;

    public void LearnRights(UserId user, Rights rights) => _rights[user] = rights;

    public void ForgetRights()
    {
        _rights.Clear();
        _rightsStand = false;
    }

    /// <summary>A lookup's answer under a directory status that was learnt.</summary>
    public void LearnName(FileName name, NameFact fact, DataVersion at)
    {
        if (_names is null || (_names.Version < at && OwnMutations == 0))
        {
            _names = new DirectoryNames(at); // what is held cannot catch up any more
        }

        _names.Learn(name, fact, at);
    }

    public void LearnListing(IEnumerable<(FileName Name, NameFact Fact)> entries, DataVersion at)
    {
        _names ??= new DirectoryNames(at);
        if (_names.Version <= at)
        {
            _names.Fill(entries, at);
        }
    }

    /// <summary>A mutation of our own has changed names. True of the past whatever has come since, so never too late to be told.</summary>
    public void Apply(NameChange change)
    {
        if (_names is { } names && !names.Apply(change))
        {
            _names = null;
        }
    }

    /// <summary>The promise is consumed. <paramref name="change"/> null: any name may have changed.</summary>
    /// <param name="rightsStand">The rights are what they were, and the server still promises to tell of changes.</param>
    public void Break(VolumeVersion version, bool namesUnharmed, NameChange? change, bool rightsStand = false)
    {
        IsPromised = false;
        Attributes = null;
        _rightsStand = rightsStand;
        if (!rightsStand)
        {
            _rights.Clear();
        }

        if (version > Highest)
        {
            Highest = version;
        }

        if (change is not null)
        {
            Apply(change);
        }
        else if (!namesUnharmed)
        {
            _names = null;
        }
    }
}

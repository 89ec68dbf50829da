using AfsLike.Common.Model;
using AfsLike.Venus.Callbacks;
using AfsLike.Venus.Identity;

namespace AfsLike.Venus.Tree;

/// <summary>
/// Small files, and listings, fetched before they are asked for: who has opened some of a directory that were not here is likely to go on with the others, and many questions at once cost little more than one.
/// As much is fetched at a time as has proved useful: twice as much as before when that was opened, half as much when others were; and who has gone through one directory is taken to go through the
/// next one too, until he does not.
/// </summary>
internal sealed class ReadingAhead(TreeParts parts, NodeTable nodes, Facts facts)
{
    /// <summary>Entries of a directory whose listing is fetched ahead, at most.</summary>
    private const int LargestListing = 1024;

    private const int LargestWindow = 64;

    /// <summary>
    /// Bytes on their way that nobody has asked for, about: they come in the session's stream, and what comes behind them, breaks and renewals among it, has to wait. On a line of 4 Mbit/s that is half a second.
    /// </summary>
    private const long MostUnderWay = 256 * 1024;

    /// <summary>Bytes of a status in a listing, and of a reply beside what was asked for, about.</summary>
    private const int StatusSize = 128;

    /// <summary>Directories remembered, of each kind; the one met first is forgotten first.</summary>
    private const int MostPlaces = 64;

    private readonly Way _files = new(fewMisses: 4), _listings = new(fewMisses: 2);
    private long _underWay;

    /// <summary>A file's contents are about to be opened; <paramref name="isHere"/>: without asking the server.</summary>
    public void Opens(VnodeStatus file, Node node, bool isHere, Login who)
    {
        if (file.Length <= Limits.InlineContent)
        {
            Met(_files, file, node, isHere, who);
        }
    }

    /// <summary>A directory is about to be listed.</summary>
    public void Lists(VnodeStatus directory, Node node, bool isHere, Login who) => Met(_listings, directory, node, isHere, who);

    /// <summary>What no name leads to has no neighbours.</summary>
    private void Met(Way way, VnodeStatus met, Node node, bool isHere, Login who)
    {
        if (node.FirstName is not { } name || nodes.TryGet(name.Parent) is not { } parent)
        {
            return;
        }

        var directory = parent.Fid;
        var place = way.PlaceOf(directory);
        if (place.Fetched.Remove(met.Fid) && (isHere || place.Coming.Contains(met.Fid)))
        {
            place.IsUseful = true;
            if (place.Fetched.Count <= place.Window / 2)
            {
                (way.IsProved, place.Window) = isHere ? (true, Math.Min(2 * place.Window, LargestWindow)) : (way.IsProved, place.Window); // late: more at once would not come sooner
                Fetch(way, directory, place, who);
            }
        }
        else if (!isHere && ++place.Misses >= way.FewMisses)
        {
            place.Misses = 0;
            if (place.Fetched.Count > 0)
            {
                way.IsProved = false;
                place.Window = Math.Max(place.Window / 2, 1);
                place.Fetched.Clear();
            }

            place.Last = name.Name;
            Fetch(way, directory, place, who);
        }
    }

    /// <summary>The next ones in the order of names, and behind the last the first again.</summary>
    private void Fetch(Way way, Fid directory, Place place, Login who)
    {
        if (!facts.HasListing(directory) || facts.Promised(directory)?.Names?.Sorted() is not { Length: > 0 } names)
        {
            return;
        }

        var found = Array.BinarySearch(names, place.Last);
        var at = found < 0 ? ~found : found + 1;
        var goal = place.Fetched.Count + place.Window;
        for (var looks = Math.Min(names.Length, 4 * LargestWindow); looks > 0 && place.Fetched.Count < goal && _underWay < MostUnderWay; looks--)
        {
            place.Last = names[at++ % names.Length];
            if (Missing(way, directory, place.Last) is { } next && place.Fetched.Add(next.Fid))
            {
                FetchAsync(place, next, who);
            }
        }
    }

    private VnodeStatus? Missing(Way way, Fid directory, FileName name)
    {
        if (facts.Promised(directory)?.Names is not { } names || !names.TryGet(name, out var fact) || facts.Held(fact.Fid) is not { } status)
        {
            return null;
        }

        var isMissing = way == _files
            ? status is { Kind: VnodeKind.File, Length: <= Limits.InlineContent } && parts.Cache.Find(status.Fid, status.DataVersion) is null
            : status is { Kind: VnodeKind.Directory, Length: <= LargestListing } && !facts.HasListing(status.Fid);
        return isMissing ? status : null;
    }

    private async void FetchAsync(Place place, VnodeStatus next, Login who)
    {
        var size = next.Kind == VnodeKind.File ? StatusSize + next.Length : StatusSize * (1 + next.Length);
        _underWay += size;
        place.Coming.Add(next.Fid);
        try
        {
            Task fetching = next.Kind == VnodeKind.File ? parts.Cache.GetAsync(next, who.Slot, CancellationToken.None) : facts.ListAsync(next.Fid, who, CancellationToken.None);
            await fetching;
        }
        catch (Exception failure) when (failure is AfsException or IOException)
        {
            place.Fetched.Remove(next.Fid); // nobody has asked for it: who needs it will, and be told what is wrong
        }
        finally
        {
            _underWay -= size;
            place.Coming.Remove(next.Fid);
        }
    }

    /// <param name="fewMisses">How many have to be waited for before others of their directory are fetched with them.</param>
    private sealed class Way(int fewMisses)
    {
        private readonly Dictionary<Fid, Place> _places = [];
        private readonly Queue<Fid> _met = new();
        private Place? _latest;

        /// <summary>What was fetched ahead lately was opened.</summary>
        public bool IsProved { get; set; }

        public int FewMisses => IsProved ? 1 : fewMisses;

        public Place PlaceOf(Fid directory)
        {
            if (_places.TryGetValue(directory, out var place))
            {
                return place;
            }

            if (_met.Count == MostPlaces)
            {
                _places.Remove(_met.Dequeue());
            }

            IsProved &= _latest is not { IsUseful: false, Fetched.Count: > 0 };
            _met.Enqueue(directory);
            return _latest = _places[directory] = new Place { Window = IsProved ? LargestWindow / 2 : LargestWindow / 8 };
        }
    }

    /// <summary>A directory in which something was met.</summary>
    private sealed class Place
    {
        /// <summary>How many had to be waited for since others were fetched.</summary>
        public int Misses { get; set; }

        public int Window { get; set; }

        /// <summary>Behind this name the next ones are fetched.</summary>
        public FileName Last { get; set; }

        /// <summary>Fetched ahead and not opened yet.</summary>
        public HashSet<Fid> Fetched { get; } = [];

        /// <summary>On their way.</summary>
        public HashSet<Fid> Coming { get; } = [];

        public bool IsUseful { get; set; }
    }
}

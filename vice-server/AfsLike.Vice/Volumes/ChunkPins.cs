using AfsLike.Vice.Storage;

namespace AfsLike.Vice.Volumes;

/// <summary>
/// Which chunks somebody is reading or uploading. A chunk that no contents name any more is deleted when the last pin goes; what a crash leaves is swept at the next start.
/// </summary>
internal sealed class ChunkPins(IChunkStore chunks)
{
    private readonly Dictionary<ulong, int> _pins = [];
    private readonly HashSet<ulong> _doomed = [];

    public void Pin(IEnumerable<ulong> ids)
    {
        foreach (var id in ids)
        {
            _pins[id] = _pins.GetValueOrDefault(id) + 1;
        }
    }

    /// <param name="isNamed">Whether contents name it: an upload that was never stored is given up.</param>
    public void Unpin(IEnumerable<ulong> ids, Func<ulong, bool> isNamed)
    {
        foreach (var id in ids)
        {
            if (_pins[id] > 1)
            {
                _pins[id]--;
                continue;
            }

            _pins.Remove(id);
            if (_doomed.Remove(id) || !isNamed(id))
            {
                chunks.Delete(id);
            }
        }
    }

    /// <summary>Contents name them, again it may be: a store keeps chunks of the version it began with, which another has replaced meanwhile.</summary>
    public void Spare(IEnumerable<ulong> ids) => _doomed.ExceptWith(ids);

    /// <summary>No contents name them any more.</summary>
    public void Doom(IEnumerable<ulong> ids)
    {
        foreach (var id in ids)
        {
            if (_pins.ContainsKey(id))
            {
                _doomed.Add(id);
            }
            else
            {
                chunks.Delete(id);
            }
        }
    }
}

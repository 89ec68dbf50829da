using AfsLike.Common.Model;

namespace AfsLike.Venus.Servers;

/// <summary>
/// Which volume a name means. Where volumes are is not covered by promises; it changes by an administrator's hand only, so an
/// answer is good for <see cref="GoodFor"/> and is asked for anew when it leads nowhere.
/// </summary>
public sealed class VolumeNames(ViceServer server, TimeProvider time)
{
    public static readonly TimeSpan GoodFor = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, (VolumeId Id, long At)> _known = new(StringComparer.Ordinal);

    /// <summary>Null when it must be asked.</summary>
    public VolumeId? Find(string name) =>
        _known.TryGetValue(name, out var known) && time.GetElapsedTime(known.At) < GoodFor ? known.Id : null;

    /// <summary>Throws AfsException UnknownVolume.</summary>
    public async Task<VolumeId> AskAsync(string name, uint slot, CancellationToken cancel)
    {
        var volume = new VolumeId((await server.VolumeByNameAsync(name, slot, cancel)).Id);
        _known[name] = (volume, time.GetTimestamp());
        return volume;
    }

    public void Forget() => _known.Clear();
}

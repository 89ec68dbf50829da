using AfsLike.Common.Model;

namespace AfsLike.Venus.Tree;

/// <summary>statfs(2). No promise covers free space, and programs that walk trees ask for it at every start: an answer is good for <see cref="GoodFor"/>.</summary>
internal sealed class Space(TreeParts parts)
{
    public static readonly TimeSpan GoodFor = TimeSpan.FromSeconds(2);

    private readonly Dictionary<VolumeId, (SpaceReport Report, long At)> _known = [];

    public async Task<SpaceReport> OfAsync(VolumeId volume, CancellationToken cancel)
    {
        if (_known.TryGetValue(volume, out var known) && parts.Time.GetElapsedTime(known.At) < GoodFor)
        {
            return known.Report;
        }

        var space = await parts.Server.SpaceAsync(volume, cancel);
        var report = new SpaceReport(space.TotalBytes, space.FreeBytes, space.Files);
        _known[volume] = (report, parts.Time.GetTimestamp());
        return report;
    }
}

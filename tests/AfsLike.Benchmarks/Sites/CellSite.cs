namespace AfsLike.Benchmarks.Sites;

/// <summary>AfsLike: the volume scratch of a cell, seen by its hosts c1 and c2.</summary>
internal sealed class CellSite(Cell cell, string work) : Site("AfsLike", work)
{
    public override bool IsShared => true;

    protected override string Root => Cell.Scratch;

    public override Task<string> OnAsync(Client client, params string[] command) => cell.OnAsync(Cell.HostOf(client), command);

    public override Task<IReadOnlyList<int>> ServerProcessesAsync() => Task.FromResult(ProcessTree.Of([cell.PidOf("s1", "vice-server")]));
}

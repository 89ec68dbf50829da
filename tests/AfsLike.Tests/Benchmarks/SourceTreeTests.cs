using System.Globalization;
using AfsLike.Benchmarks;

namespace AfsLike.Tests.Benchmarks;

public sealed class SourceTreeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("afslike-source").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_tree_is_the_same_each_time_and_as_large_as_is_said()
    {
        string[] made = [.. Enumerable.Range(0, 2).Select(i => SourceTree.Make(Directory.CreateDirectory(Path.Combine(_folder, i.ToString(CultureInfo.InvariantCulture))).FullName).Directory)];
        var names = Named(made[0]);
        Assert.Equal(SourceTree.Files, names.Length);
        Assert.Equal(names, Named(made[1]));
        Assert.All(names, name => Assert.Equal(File.ReadAllBytes(Path.Combine(made[0], name)), File.ReadAllBytes(Path.Combine(made[1], name))));
        Assert.InRange(names.Sum(name => new FileInfo(Path.Combine(made[0], name)).Length), 8_000_000, 12_000_000);
    }

    private static string[] Named(string place) =>
        [.. Directory.GetFiles(place, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(place, path)).Order(StringComparer.Ordinal)];
}

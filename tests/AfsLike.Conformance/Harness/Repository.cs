namespace AfsLike.Conformance.Harness;

/// <summary>Where this clone of the project lies.</summary>
public static class Repository
{
    public static string Root { get; } = Find();

    public static string Dev => Path.Combine(Root, "dev");

    public static string Bin => Path.Combine(Root, "artifacts", "bin");

    /// <summary>A new directory on a disk of this machine, short enough for unix sockets below it.</summary>
    public static string NewDirectory() => Directory.CreateDirectory($"/var/tmp/afs-{Guid.NewGuid().ToString("N")[..8]}").FullName;

    private static string Find()
    {
        for (var place = new DirectoryInfo(AppContext.BaseDirectory); place is not null; place = place.Parent)
        {
            if (File.Exists(Path.Combine(place.FullName, "AfsLike.sln")))
            {
                return place.FullName;
            }
        }

        throw new InvalidOperationException("these tests run inside a clone of the project: there is no AfsLike.sln above them");
    }
}

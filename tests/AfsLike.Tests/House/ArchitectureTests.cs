using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using NetArchTest.Rules;

namespace AfsLike.Tests.House;

/// <summary>Who may know whom (ARCHITECTURE.md, "The rooms"), and the few rules of the house that a machine can watch.</summary>
public sealed partial class ArchitectureTests
{
    private const int LongestFile = 400;

    private static readonly string Root = FindRoot();

    /// <summary>Libraries, and the projects of ours they may reference.</summary>
    private static readonly Dictionary<string, string[]> MayReference = new(StringComparer.Ordinal)
    {
        ["AfsLike.Common"] = [],
        ["AfsLike.Host"] = ["AfsLike.Common"],
        ["AfsLike.Vice"] = ["AfsLike.Common"],
        ["AfsLike.Venus"] = ["AfsLike.Common"],
        ["AfsLike.Fuse"] = ["AfsLike.Common", "AfsLike.Host", "AfsLike.Venus"],
        ["AfsLike.Butler"] = ["AfsLike.Common", "AfsLike.Host"],
        ["vice-server"] = ["AfsLike.Common", "AfsLike.Host", "AfsLike.Vice"],
        ["venus-client"] = ["AfsLike.Common", "AfsLike.Host", "AfsLike.Venus", "AfsLike.Fuse"],
        ["butler"] = ["AfsLike.Common", "AfsLike.Host", "AfsLike.Butler"],
        ["afsx"] = ["AfsLike.Common", "AfsLike.Host", "AfsLike.Butler"],
        ["venus-supervisor"] = [],
    };

    /// <summary>What must do no I/O and know no clock, thread or chance but through its ports.</summary>
    private static readonly string[] WithoutEffects = ["AfsLike.Common", "AfsLike.Vice", "AfsLike.Venus", "AfsLike.Simulation"];

    [Fact]
    public void Projects_reference_only_what_they_may_know()
    {
        var projects = Files("*.csproj").Where(static path => !path.Contains("/tests/", StringComparison.Ordinal)).ToArray();
        Assert.Equal(MayReference.Keys.Order(StringComparer.Ordinal), projects.Select(Name).Order(StringComparer.Ordinal));
        foreach (var project in projects)
        {
            var known = XDocument.Load(project).Descendants("ProjectReference").Select(static r => Name(r.Attribute("Include")!.Value));
            Assert.All(known, other => Assert.True(MayReference[Name(project)].Contains(other), $"{Name(project)} must not know {other}"));
        }
    }

    [Fact]
    public void Vice_Venus_and_Butler_meet_in_Wire_alone()
    {
        foreach (var (library, strangers) in (ReadOnlySpan<(string, string[])>)
        [
            ("AfsLike.Vice", ["AfsLike.Venus", "AfsLike.Butler", "AfsLike.Fuse", "AfsLike.Host"]),
            ("AfsLike.Venus", ["AfsLike.Vice", "AfsLike.Butler", "AfsLike.Fuse", "AfsLike.Host"]),
            ("AfsLike.Butler", ["AfsLike.Vice", "AfsLike.Venus", "AfsLike.Fuse"]),
            ("AfsLike.Common", ["AfsLike.Vice", "AfsLike.Venus", "AfsLike.Butler", "AfsLike.Fuse", "AfsLike.Host"]),
        ])
        {
            Clean(Types.InAssembly(Assembly.Load(library)).ShouldNot().HaveDependencyOnAny(strangers));
        }
    }

    [Fact]
    public void Volumes_know_nothing_of_callbacks_protection_sessions_or_wire() =>
        Clean(Types.InAssembly(Assembly.Load("AfsLike.Vice")).That().ResideInNamespaceStartingWith("AfsLike.Vice.Volumes").ShouldNot()
            .HaveDependencyOnAny(
                "AfsLike.Vice.Callbacks", "AfsLike.Vice.Protection", "AfsLike.Vice.FileServer", "AfsLike.Vice.Login", "AfsLike.Common.Wire",
                "AfsLike.Common.Sessions"));

    [Fact]
    public void A_front_end_sees_Venus_through_the_tree_alone() =>
        Clean(Types.InAssembly(Assembly.Load("AfsLike.Fuse")).ShouldNot().HaveDependencyOnAny(
            "AfsLike.Venus.Callbacks", "AfsLike.Venus.Cache", "AfsLike.Venus.Servers", "AfsLike.Venus.Identity"));

    [Fact]
    public void The_vocabulary_knows_no_other_part_of_Common() =>
        Clean(Types.InAssembly(Assembly.Load("AfsLike.Common")).That().ResideInNamespaceStartingWith("AfsLike.Common.Model").ShouldNot()
            .HaveDependencyOnAny("AfsLike.Common.Wire", "AfsLike.Common.Sessions"));

    [Fact]
    public void What_runs_in_the_simulation_and_the_simulation_itself_have_effects_banned() =>
        Assert.All(WithoutEffects, name => Assert.Contains(
            XDocument.Load(Files($"{name}.csproj").Single()).Descendants("AfsLikeBansEffects"), static e => e.Value == "true"));

    [Fact]
    public void No_source_file_is_longer_than_400_lines() =>
        Assert.Equal("", Listed(Files("*.cs").Concat(Scripts()).Where(static path => File.ReadLines(path).Count() > LongestFile)));

    [Fact]
    public void No_test_sleeps() =>
        Assert.Equal("", Listed(Files("*.cs").Where(
            static path => path.Contains("/tests/", StringComparison.Ordinal) && Sleep().IsMatch(File.ReadAllText(path)))));

    [Fact]
    public void Namespaces_are_the_names_of_folders()
    {
        foreach (var project in Files("*.csproj"))
        {
            var home = Path.GetDirectoryName(project)!;
            var root = XDocument.Load(project).Descendants("RootNamespace").FirstOrDefault()?.Value ?? Name(project);
            foreach (var file in Directory.GetFiles(home, "*.cs", SearchOption.AllDirectories).Where(static path => !IsMade(path)))
            {
                var declared = Namespace().Match(File.ReadAllText(file));
                var folder = Path.GetRelativePath(home, Path.GetDirectoryName(file)!);
                var expected = folder == "." ? root : $"{root}.{folder.Replace('/', '.')}";
                Assert.True(!declared.Success || declared.Groups[1].Value == expected, $"{Path.GetRelativePath(Root, file)}: {declared.Groups[1].Value}, not {expected}");
            }
        }
    }

    [Fact]
    public void Every_project_stands_in_the_solution()
    {
        var solution = File.ReadAllText(Path.Combine(Root, "AfsLike.sln")).Replace('\\', '/');
        Assert.All(Files("*.csproj"), path => Assert.Contains(Path.GetRelativePath(Root, path), solution, StringComparison.Ordinal));
    }

    [GeneratedRegex(@"Thread\s*\.\s*Sleep\s*\(")]
    private static partial Regex Sleep();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    private static void Clean(ConditionList rule)
    {
        var result = rule.GetResult();
        Assert.True(result.IsSuccessful, $"these know what they must not: {string.Join(", ", result.FailingTypeNames ?? [])}");
    }

    private static string Listed(IEnumerable<string> paths) => string.Join(" ", paths.Select(static path => Path.GetRelativePath(Root, path)));

    private static string Name(string project) => Path.GetFileNameWithoutExtension(project.Replace('\\', '/'));

    private static IEnumerable<string> Files(string pattern) =>
        ((string[])["common", "vice-server", "venus-client", "tests"]).SelectMany(
            folder => Directory.GetFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)).Where(static path => !IsMade(path));

    private static IEnumerable<string> Scripts() => [Path.Combine(Root, "dev"), .. Directory.GetFiles(Path.Combine(Root, "dev.d"))];

    private static bool IsMade(string path) =>
        path.Contains("/obj/", StringComparison.Ordinal) || path.Contains("/bin/", StringComparison.Ordinal);

    private static string FindRoot()
    {
        var place = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(place.FullName, "AfsLike.sln")))
        {
            place = place.Parent ?? throw new InvalidOperationException("the tests run inside a clone of the project");
        }

        return place.FullName;
    }
}

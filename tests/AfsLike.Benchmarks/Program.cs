using AfsLike.Benchmarks;

try
{
    var options = BenchOptions.Parse(args);
    using var bench = await Bench.StartAsync(options);
    var table = new Table();
    foreach (var section in Sections.All.Where(section => options.Name is null || section.Name.Contains(options.Name, StringComparison.OrdinalIgnoreCase)))
    {
        Console.Error.WriteLine($"==> {section.Name}…");
        await section.RunAsync(bench, table);
    }

    Console.WriteLine(table.Print());
    if (options.Json is { } file)
    {
        await File.WriteAllTextAsync(file, table.ToJson());
    }

    return 0;
}
catch (BenchException failure)
{
    await Console.Error.WriteLineAsync($"bench: {failure.Message}");
    return 1;
}

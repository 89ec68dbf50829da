namespace AfsLike.VenusClient.Commands;

internal sealed class UsageException(string message) : Exception(message);

/// <summary>The options of a command: --name value, or --name alone.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>Throws <see cref="UsageException"/> for an option that is unknown, repeated or without its value.</summary>
    public static Arguments Parse(IReadOnlyList<string> arguments, IReadOnlyList<string> valued, IReadOnlyList<string>? flags = null)
    {
        var parsed = new Arguments();
        for (var i = 0; i < arguments.Count; i++)
        {
            var name = arguments[i];
            var isFlag = flags?.Contains(name) == true;
            if (!isFlag && !valued.Contains(name))
            {
                throw new UsageException($"'{name}' is not an option here");
            }

            if ((!isFlag && ++i == arguments.Count) || !parsed._values.TryAdd(name, isFlag ? "" : arguments[i]))
            {
                throw new UsageException($"option {name} needs one value");
            }
        }

        return parsed;
    }

    public string? Find(string name) => _values.GetValueOrDefault(name);

    public string Need(string name) => Find(name) ?? throw new UsageException($"option {name} is needed");

    public bool Has(string name) => _values.ContainsKey(name);
}

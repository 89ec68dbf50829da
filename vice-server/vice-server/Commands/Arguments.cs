using System.Globalization;
using AfsLike.Common.Model;

namespace AfsLike.ViceServer.Commands;

/// <summary>The options of a command, all of the form --name value.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>Throws <see cref="AfsException"/> InvalidArgument for an option that is unknown, repeated or without a value.</summary>
    public static Arguments Parse(string[] arguments, IReadOnlyList<string> known)
    {
        var parsed = new Arguments();
        for (var index = 0; index < arguments.Length; index += 2)
        {
            var name = arguments[index];
            if (!known.Contains(name))
            {
                throw Bad($"'{name}' is not an option here; there are {string.Join(", ", known)}");
            }

            if (index + 1 == arguments.Length || !parsed._values.TryAdd(name, arguments[index + 1]))
            {
                throw Bad($"option {name} needs one value");
            }
        }

        return parsed;
    }

    /// <summary>Throws <see cref="AfsException"/> InvalidArgument when it is absent.</summary>
    public string Need(string name) => Find(name) ?? throw Bad($"option {name} is needed");

    public string? Find(string name) => _values.GetValueOrDefault(name);

    /// <summary>A number in the given range, or null when absent.</summary>
    public double? Number(string name, double least, double most)
    {
        if (Find(name) is not { } text)
        {
            return null;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw Bad(string.Create(CultureInfo.InvariantCulture, $"option {name} is a number from {least} to {most}"));
    }

    private static AfsException Bad(string detail) => new(AfsError.InvalidArgument, detail);
}

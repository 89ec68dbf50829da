using System.Globalization;

namespace AfsLike.Butler.Jobs;

/// <summary>A job's name, unique in its cell: HOMEHOST.NUMBER, the host where it was typed and that host's count.</summary>
public readonly record struct JobName(string Home, ulong Number)
{
    public static bool TryParse(string text, out JobName name)
    {
        var dot = text.LastIndexOf('.');
        if (dot > 0 && text.Length <= 255
            && text.AsSpan(0, dot).IndexOfAny('/', '\0') < 0
            && ulong.TryParse(text.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            name = new JobName(text[..dot], number);
            return name.Home is not ("." or "..") && name.ToString() == text;
        }

        name = default;
        return false;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Home}.{Number}");
}

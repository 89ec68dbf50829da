using System.Text;
using AfsLike.Common.Model;
using Google.Protobuf;

namespace AfsLike.Butler.Execution;

/// <summary>Paths of this host and paths of the namespace.</summary>
internal static class NamespacePath
{
    /// <summary>The part of an absolute path below the mount. Throws InvalidArgument for one that is not below it.</summary>
    public static ByteString Below(string mount, ReadOnlySpan<byte> path)
    {
        var root = Encoding.UTF8.GetBytes(mount.TrimEnd('/'));
        if (path.SequenceEqual(root))
        {
            return ByteString.Empty;
        }

        return path.Length > root.Length && path.StartsWith(root) && path[root.Length] == (byte)'/'
            ? ByteString.CopyFrom(path[(root.Length + 1)..])
            : throw new AfsException(
                AfsError.InvalidArgument,
                $"{Encoding.UTF8.GetString(path)} is not below {mount}; go to a directory of the namespace: the command runs in the same one");
    }
}

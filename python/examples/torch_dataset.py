"""A map-style PyTorch Dataset: an item for each file below a folder, the folder's name its label.

    dataset = FileDataset("images.tar.gz", "train")
    loader = torch.utils.data.DataLoader(dataset, batch_size=64, shuffle=True, num_workers=4)

Workers share nothing: a forked one reads through the same descriptors, whose position is not used,
and a spawned one opens the archive again. 8 bytes a file are in memory.
"""

from array import array

import tpk

try:
    from torch.utils.data import Dataset
except ImportError:  # any class with these methods will do
    Dataset = object


class FileDataset(Dataset):
    def __init__(self, name, folder="", transform=None):
        self.archive = tpk.open(name)
        self.transform = transform
        self.classes = [e.name for e in self.archive.scandir(folder) if e.is_dir()]
        self.ordinals = array("I")  # numbers of the files in the archive, which is all that is kept
        self.labels = array("I")
        for label, name in enumerate(self.classes):
            for e in self.archive.entries(f"{folder}/{name}" if folder else name):
                if e.is_file():
                    self.ordinals.append(e.ordinal)
                    self.labels.append(label)

    def __len__(self):
        return len(self.ordinals)

    def __getitem__(self, i):
        content = self.archive[self.ordinals[i]]
        return self.transform(content) if self.transform else content, self.labels[i]

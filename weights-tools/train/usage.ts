export const TRAIN_USAGE = `sam2rad train DATASET -m BASE -o OUT [options]

Trains the prompt predictor of Sam2Rad on labelled pictures; BASE stays frozen. DATASET holds imgs/ and gts/, or Train/
with both: pictures, and PNGs of the same names whose grey values are class numbers. OUT is a folder, or a name that
ends in .safetensors. Beside the model come <stem>.csv and <stem>.svg (curves), <stem>.json (the run's record, which is
in the model's metadata, too) and <stem>.checkpoint.safetensors.

  -m, --model BASE        a SAM2, SAM or MobileSAM, converted or as its checkpoint
  -o, --output OUT        where to write
      --classes N|NAMES   how many classes, or their names: bone,tendon; counted in the masks unless given
      --train WHAT        ppn, ppn+lora (the decoder's) or ppn+lora+adapters (the encoder's); ppn unless given
      --tokens N          learned queries a class; 10 unless given
      --query-deviation X  how far apart queries start; 0.0625 unless given, as in the reference. With 1 several classes
                          are told apart much sooner
      --epochs N          200 unless given
      --batch N           pictures a step; 4 unless given
      --lr X              AdamW's learning rate at the start of the cosine; 0.0001 unless given
      --clip N|none       shortens a step's gradients to this norm where they are longer; none unless given, as in
                          the reference
      --augment WHAT      none, mirror (and the mirror images) or full (the reference's); mirror unless given
      --preprocess P      how pictures are brought to the model's square: sam2rad (the reference's: padded, not
                          antialiased), sam2 or sam (the base's own); sam2rad unless given
      --seed N            0 unless given
      --val DIR|SHARE     what Dice is measured on: a dataset, or a share such as 0.2 of the pictures, set aside.
                          Unless given the training pictures, which tells what was learned by heart, not what was
                          understood
      --group-by REGEX    what of a file's name is its patient, by the first group: '^(\\d+)_'. Patients are never
                          divided between training and validation
      --checkpoint-every N  epochs between two measurements of Dice, each with a checkpoint after it; 10 unless
                          given. Ctrl-C writes a checkpoint, too, and the last epoch is always measured
      --resume FILE       a checkpoint: goes on bit for bit. Options that are not given are those of its run
      --layout L          names in the model: canonical, or reference (the keys of the PyTorch code's Lightning
                          state_dict); canonical unless given
      --memory-limit B    bytes that the training may take on the GPU, such as 2GB; what is planned is said at the start,
                          and more than that is refused before anything is loaded
      --tuning FILE       where the fastest kernels of this GPU are kept; tuned.json in the user's cache folder unless
                          given. One that is named is also used where the CPU computes. A
                          resumed run computes as it began
      --no-tuning         nothing is timed, default kernels compute
      --json              one JSON object on standard output, nothing else

For research, not for diagnosis.`;
